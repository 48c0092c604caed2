/*
 * The head of a server's answer to a WebSocket's handshake: what is accepted says so in its first
 * line, has the answer to our key, and is refused when a second one stands behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "net/ws.h"

#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ANSWER "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool right)
{
    if (!right)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char again[] = "\nSec-WebSocket-Accept: " ANSWER "\r\n\r\n";
    static char twice[WS_HEAD_MAX + sizeof again];
    const char *head = (const char *)data;
    if (n > WS_HEAD_MAX || !ws_accepted(head, n, KEY))
        return 0;
    check(n > 12 && memcmp(head, "HTTP/1.1 101", 12) == 0);
    check(memmem(head, n, ANSWER, strlen(ANSWER)) != NULL);
    memcpy(twice, head, n);
    memcpy(twice + n, again, sizeof again - 1);
    check(!ws_accepted(twice, n + sizeof again - 1, KEY));
    return 0;
}
