/* An answer as lines. JSON is indented by its brackets alone, so that every digit stays as it came.
 */
#include <string.h>

#include "base/json.h"
#include "ui/screens/call.h"
#include "ui/widgets/wrap.h"

#include "base/banned.h"

enum { PRETTY_MAX = 4 << 20, STEP = 2, DEEPEST = 20, FLAT = 60 };

static void break_line(struct buf *out, int depth)
{
    static const char blanks[] = "                                        ";
    int n = (depth < DEEPEST ? depth : DEEPEST) * STEP;
    buf_addc(out, '\n');
    buf_add(out, blanks, (size_t)n);
}

/* How long the array or object at p is when it holds no other and fits on a line; else 0. */
static size_t flat(const char *p, size_t n)
{
    char close = *p == '[' ? ']' : '}';
    bool string = false;
    for (size_t i = 1; i < n && i < FLAT; i++) {
        if (string && p[i] == '\\')
            i++;
        else if (p[i] == '"')
            string = !string;
        else if (!string && p[i] == close)
            return i + 1;
        else if (!string && strchr("[]{}\n", p[i]))
            return 0;
    }
    return 0;
}

/* Copies a string with its quotes; returns its length. */
static size_t copy_string(struct buf *out, const char *p, size_t n)
{
    size_t i = 1;
    while (i < n && p[i] != '"')
        i += p[i] == '\\' && i + 1 < n ? 2 : 1;
    i = i < n ? i + 1 : n;
    buf_add(out, p, i);
    return i;
}

static void indent(struct buf *out, const char *p, size_t n)
{
    int depth = 0;
    for (size_t i = 0, used; i < n; i += used) {
        char c = p[i];
        used = 1;
        if (c == '"') {
            used = copy_string(out, p + i, n - i);
        } else if ((c == '{' || c == '[') && (used = flat(p + i, n - i))) {
            buf_add(out, p + i, used);
        } else if (c == '{' || c == '[') {
            used = 1;
            buf_addc(out, c);
            break_line(out, ++depth);
        } else if (c == '}' || c == ']') {
            break_line(out, --depth);
            buf_addc(out, c);
        } else if (c == ',') {
            buf_addc(out, c);
            break_line(out, depth);
        } else if (c == ':') {
            buf_adds(out, ": ");
        } else if (!strchr(" \t\r\n", c)) {
            buf_addc(out, c);
        }
    }
}

struct raw_lines {
    struct wrap w;
    struct doc *doc;
    enum style style;
};

static void raw_line(void *ud, struct untrusted one)
{
    struct raw_lines *l = ud;
    size_t before = l->doc->n;
    wrap_raw(&l->w, one, l->style);
    wrap_end(&l->w);
    if (l->doc->n == before)
        doc_blank(l->doc);
}

void answer_doc(struct doc *d, struct untrusted answer, int width, enum text_charset cs)
{
    struct buf pretty;
    bool looks = answer.n && strchr("{[", answer.p[0]);
    json *j = looks && answer.n < PRETTY_MAX / 4 ? json_parse(answer.p, answer.n, "", NULL) : NULL;
    if (!j) {
        doc_wrap(d, answer, width, cs, ST_NORMAL);
        return;
    }
    json_free(j);
    buf_init(&pretty, PRETTY_MAX);
    indent(&pretty, answer.p, answer.n);
    struct raw_lines l = {.doc = d, .style = ST_CODE};
    wrap_init(&l.w, d, width, cs, NULL, NULL);
    if (text_each_line(pretty.bad ? answer : untrusted_n(pretty.p, pretty.len), DOC_LINES_MAX,
                       raw_line, &l) == DOC_LINES_MAX)
        d->cut = true;
    buf_release(&pretty);
}
