"""The report as one table for people: peers and us side by side, each goal beside its figure."""

WIDTH = 108


def mib(value):
    return "-" if value is None else f"{value / 1048576:.1f}"


def latency(seconds):
    if seconds is None:
        return "-"
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return "0"


def verdict(goal, show=lambda value: f"{value:g}"):
    """'<= 0.95 met'"""
    if not goal:
        return ""
    least, most = goal["least"], goal["most"]
    if least is not None and most is not None:
        wanted = f"{show(least)}..{show(most)}"
    else:
        wanted = f"at most {show(most)}" if least is None else f"at least {show(least)}"
    return f"{wanted}: {'no figure' if goal['met'] is None else 'met' if goal['met'] else 'MISSED'}"


def title(text):
    return ["", f"-- {text} ".ljust(WIDTH, "-")]


def throughput_row(name, row, share="", quartiles="", goal=""):
    def figure(key, places):
        return "-" if row[key] is None else f"{row[key]:,.{places}f}"
    return (f"  {name:<12}{figure('cpu_us', 2):>12}{figure('rate', 0):>12}{mib(row['peak_rss']):>10}{share:>10}"
            f"  {quartiles:<18}{goal}")


def throughput(work):
    connections = work["connections"]
    lines = title(f"{work['kind']}, {connections} connection{'s' if connections > 1 else ''}")
    lines.append(f"  {'':<12}{'CPU s/10^6':>12}{'requests/s':>12}{'peak MiB':>10}{'ours/peer':>10}"
                 f"  {'quartiles, pairs':<18}goal")
    lines.append(throughput_row("orfeas", work["orfeas"]))
    for peer in work["peers"]:
        r = peer["ratio"]
        quartiles = f"{r['q1']:.3f}..{r['q3']:.3f}, {r['pairs']}"
        lines.append(throughput_row(peer["name"], peer, f"{r['median']:.3f}", quartiles, verdict(peer["goal"])))
    return lines


def crowd(rows):
    if not rows:
        return []
    lines = title("users who wait: memory with one request in 10 s each")
    lines.append(f"  {'':<12}{'users':>12}{'MiB':>12}{'bytes a user':>14}    goal")
    for row in rows:
        lines.append(f"  {row['name']:<12}{row['users']:>12,}{mib(row['rss']):>12}{row['per_user']:>14,.0f}    "
                     f"{verdict(row['goal'], lambda v: mib(v) + ' MiB')}")
    return lines


def large(row):
    if not row:
        return []
    return title(f"{row['users']} users upload the same {row['size'] >> 20} MiB, {row['at_once']} at once") + [
        f"  {row['name']:<12}{mib(row['peak_rss_one'])} MiB with one user, {mib(row['peak_rss'])} MiB with all: "
        f"growth {mib(row['growth'])} MiB    {verdict(row['goal'], lambda v: mib(v) + ' MiB')}"]


def goals_of(row):
    shows = {"p95": latency, "p99": latency, "sent": lambda v: f"{v:,.0f}"}
    return "; ".join(f"{key} {verdict(goal, shows[key])}" for key, goal in row["goals"].items())


def pacing(row):
    if not row:
        return []
    return title(f"{row['rate']:,} starts a second for {row['seconds']} s: how late they were") + [
        f"  {row['name']:<12}p50 {latency(row['p50'])}, p99 {latency(row['p99'])}, "
        f"{row['sent']:,} of {row['due']:,} sent    {goals_of(row)}"]


def freeze(part):
    if not part["rows"]:
        return []
    lines = title(f"{part['rate']:,}/s for {part['seconds']} s, {part['connections']} connections, the server stands "
                  "still for 2 s: what each says")
    lines.append(f"  {'':<12}{'p50':>12}{'p95':>12}{'p99':>12}{'max':>12}{'sent':>12}")
    true = part["truth"]
    lines.append(f"  {'the truth':<12}" + "".join(f"{true[k]:>12}" for k in ("p50", "p95", "p99", "max"))
                 + f"{true['sent']:>12,}")
    for row in part["rows"]:
        lines.append(f"  {row['name']:<12}" + "".join(f"{latency(row[k]):>12}" for k in ("p50", "p95", "p99", "max"))
                     + f"{row['sent']:>12,}  {row['note'] or goals_of(row)}")
    return lines


def backend(part):
    lines = []
    if part["health"]:
        r = part["health"]["ratio"]
        lines += title(f"the smallest answer, {part['health']['connections']} connections: what it costs the server")
        lines.append(f"  {'':<12}{'CPU s/10^6':>12}{'requests/s':>12}{'ours/theirs':>22}")
        for row in part["health"]["rows"]:
            share = f"{r['median']:.3f}" if row["name"] == "orfeasd" else ""
            lines.append(f"  {row['name']:<12}{row['cpu_us']:>12.2f}{row['rate']:>12,.0f}{share:>22}")
    if part["jobs"]:
        job = part["jobs"]
        lines += title(f"jobs as fast as orfeasd makes them, {job['users']} users") + [
            f"  {'orfeasd':<12}{job['cpu_ms']:.2f} ms of CPU a job: {job['per_core']:.0f} jobs a second and core; "
            f"{job['rate']:.0f} jobs a second here"]
    return lines


def watching(part):
    if not part["rows"]:
        return []
    lines = title(f"{part['jobs']:,} jobs of 82 s, {part['scale']} times as fast, watched to their ends")
    lines.append(f"  {'':<12}{'CPU ms/job':>12}{'polls/job':>12}{'messages/job':>14}{'requests/job':>14}"
                 f"{'to polls':>10}  goal")
    for row in part["rows"]:
        lines.append(f"  {row['name']:<12}{row['cpu_ms']:>12.2f}{row['polls']:>12.1f}{row['messages']:>14.1f}"
                     f"{row['requests']:>14.1f}{row['ratio']:>10.3f}  {verdict(row['goal'])}")
    return lines


def left_out(report):
    lines = []
    for key, word in (("skipped", "skipped"), ("failures", "NOT MEASURED")):
        for entry in report[key]:
            lines.append(f"  {word}: {entry['what']}: {entry['why']}")
    return ["", *lines] if lines else []


def head(report):
    m = report["machine"]
    programs = ", ".join(f"{name} {version}" for name, version in report["programs"].items())
    return [f"orfeas beside its peers: {m['cores']} cores, Linux {m['kernel']}, load {m['load_before']:.2f} before",
            f"  {m['placement']}", f"  {programs}",
            "  Medians. CPU is the client's, user and system; ours/peer is the ratio of it, pair by pair."]


def foot(report):
    met, missed, without = report["goals"]["met"], report["goals"]["missed"], report["goals"]["no_figure"]
    return ["", f"goals: {met} met, {missed} missed" + (f", {without} without a figure" if without else "")
            + f" · {report['seconds']:.0f} s"]


def render(report):
    lines = head(report)
    for work in report["throughput"]:
        lines += throughput(work)
    for part, show in (("crowd", crowd), ("large_uploads", large), ("pacing", pacing), ("freeze", freeze),
                       ("backend", backend), ("watching", watching)):
        lines += show(report[part])
    return "\n".join(lines + left_out(report) + foot(report)) + "\n"
