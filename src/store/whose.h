/* whose.h: for the query files of this folder: whose a payment is, in SQL. */
#ifndef SOUK_STORE_WHOSE_H
#define SOUK_STORE_WHOSE_H

/* Of a row p of pay, by derive's spans; one whose price decides has a row of its own. */
#define WHOSE                                                                                 \
    "(SELECT coalesce((SELECT m.who FROM pay_model m WHERE m.chain = p.chain AND m.block ="   \
    " p.block AND m.log = p.log), x.who) FROM span x WHERE x.payee = p.payee AND (x.block < " \
    " p.block OR (x.block = p.block AND x.log <= p.log)) ORDER BY x.block DESC, x.log DESC"   \
    " LIMIT 1)"

#endif
