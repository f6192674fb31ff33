"""Pairs of runs, the peer's and ours right after it: what drifts on the machine falls out of their ratio. Pure."""


def quantile(values, share):
    """Between neighbours in proportion, as spreadsheets do it; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(values):
    return quantile(values, 0.5)


def ratio(pairs):
    """Ours divided by the peer's, pair by pair: median and quartiles."""
    shares = [ours / theirs for theirs, ours in pairs]
    return {"median": median(shares), "q1": quantile(shares, 0.25), "q3": quantile(shares, 0.75), "pairs": len(shares)}
