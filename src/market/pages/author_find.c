/* Whom a person means by an author's name, or by one of his addresses. */
#include <string.h>

#include "hub/hub.h"
#include "market/pages/internal.h"

#include "base/banned.h"

struct finding {
    struct store *s;
    struct arena arena; /* descriptions */
    int64_t found, unproven;
};

/* An address stands for the author whose description vouches for it, else for one it is listed by.
 */
static souk_err on_use(void *ud, const struct address_use *u, struct err *e)
{
    struct finding *f = ud;
    struct untrusted description;
    if (f->found) {
        return SOUK_OK;
    }
    souk_err rc = store_description(f->s, u->model, &f->arena, &description, e);
    if (!rc && hub_description_names_listing(description, u->owner)) {
        f->found = u->author;
    }
    return rc;
}

/* An address nobody vouches for, when all models it is listed for are of one author and have no
   better listing. */
static souk_err on_active(void *ud, const struct address_use *u, struct err *e)
{
    struct finding *f = ud;
    (void)e;
    f->unproven = f->unproven == 0 || f->unproven == u->author ? u->author : -1;
    return SOUK_OK;
}

souk_err author_find(struct store *s, const char *who, int64_t *id, struct err *e)
{
    struct finding f = {.s = s};
    address a;
    souk_err rc = store_author_find(s, untrusted(who), id, e);
    if (!rc && *id == 0 && address_parse(who, strlen(who), &a)) {
        arena_init(&f.arena, PAGE_MAX);
        rc = store_each_use_of_address(s, a, on_use, &f, e);
        arena_release(&f.arena);
        *id = f.found;
        if (!rc && *id == 0) {
            rc = store_each_active_use(s, a, on_active, &f, e);
            *id = f.unproven > 0 ? f.unproven : 0;
        }
    }
    if (!rc && *id == 0) {
        rc = err_set(e, SOUK_ENOTFOUND, "no author \"%s\" in the cache", who);
    }
    return rc;
}
