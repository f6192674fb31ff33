#include "auth.h"

#include "file.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What RFC 6750 lets a token consist of, and more: all that a header's value can hold without being quoted.
 */
static bool is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return len > 0 && len <= AUTH_TOKEN_MAX;
}

static bool take(struct auth *a, const char *text, size_t len, const char *from, struct diag_list *diags)
{
    if (!is_token(text, len)) {
        diag_add(diags, "", 0, 0, "for example: openssl rand -hex 32",
                 "%s: a token is 1 to %d visible ASCII characters without spaces", from, AUTH_TOKEN_MAX);
        return false;
    }
    memcpy(a->token, text, len);
    a->len = len;
    return true;
}

static bool take_file(struct auth *a, const char *path, struct diag_list *diags)
{
    struct buf text;
    char from[200];
    snprintf(from, sizeof from, "--token-file %s", path);
    buf_init(&text, AUTH_TOKEN_MAX + 2);
    int error = file_read(path, &text);
    size_t len = text.len;
    while (len && strchr("\r\n", text.bytes[len - 1]))
        len--;
    bool ok = false;
    if (error && error != EFBIG)
        diag_add(diags, "", 0, 0, NULL, "%s: %s", from, strerror(error));
    else
        ok = take(a, text.bytes, error ? 0 : len, from, diags);
    OPENSSL_cleanse(text.bytes, text.len);
    buf_finish(&text);
    return ok;
}

bool auth_init(struct auth *a, const struct settings *settings, struct diag_list *diags)
{
    *a = (struct auth){.len = 0};
    if (settings->token_file)
        return take_file(a, settings->token_file, diags);
    return !settings->token || take(a, settings->token, strlen(settings->token), "--token", diags);
}

bool auth_check_token(const struct auth *a, const char *shown)
{
    size_t len = strlen(shown);
    while (len && strchr(" \t", shown[len - 1])) /* of a header's value they are no part */
        len--;
    return !a->len || (len == a->len && CRYPTO_memcmp(shown, a->token, a->len) == 0);
}

bool auth_check(const struct auth *a, const char *authorization)
{
    static const char SCHEME[] = "Bearer ";
    if (!a->len)
        return true;
    if (!authorization || strncasecmp(authorization, SCHEME, sizeof SCHEME - 1) != 0)
        return false;
    const char *shown = authorization + sizeof SCHEME - 1;
    return auth_check_token(a, shown + strspn(shown, " "));
}
