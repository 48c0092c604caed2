/*
 * options.h: the command line, from one table each for commands and options.
 *
 * The two X-macros are the only list: parsing, `souk help`, a command's usage
 * and "unknown option" all come from them (the man page and completions will
 * too). Exit codes are souk_err's.
 */
#ifndef SOUK_CLI_OPTIONS_H
#define SOUK_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* id, name, arguments, one line of help; without help it is in no list, for it is not for people */
/* clang-format off */
#define COMMAND_LIST(X)                                                                      \
    X(UI, "", "", "the terminal UI")                                                         \
    X(SYNC, "sync", "", "fill the cache from the Hub, the listings, Bazaar and both chains") \
    X(MODELS, "models", "[QUERY]", "list models: search, filter, sort")                      \
    X(SHOW, "show", "MODEL", "one model: description, versions, offers, calls, income")      \
    X(COMPARE, "compare", "MODEL MODEL [MODEL [MODEL]]", "two to four models side by side")  \
    X(HEALTH, "health", "", "the market's vital signs")                                      \
    X(AUTHORS, "authors", "", "all authors by calls and income")                             \
    X(AUTHOR, "author", "NAME|ADDRESS", "one author: models, income, latest payments")       \
    X(WATCH, "watch", "[AUTHOR|ADDRESS …]", "tell of each payment as it lands, to these or your watch list") \
    X(KNOWN, "known", "[ADDRESS author NAME|hub|trusted|forget]",                                 \
      "whose addresses are, where you know better than the rules")                                 \
    X(GET, "get", "MODEL[@VERSION]|BLOB_ID", "download a model's file, and prove it")        \
    X(LIBRARY, "library", "[path|check|rm MODEL]", "the models on this disk")                \
    X(BLOB_ID, "blob-id", "FILE", "the Walrus blob ID of a file")                            \
    X(VERIFY, "verify", "FILE BLOB_ID", "prove that a file is what a blob ID names")         \
    X(INSPECT, "inspect", "FILE|MODEL", "inputs, outputs, types, size; without running it")  \
    X(RUN, "run", "FILE|MODEL", "run a model on this machine, shut in")                      \
    X(PUBLISH, "publish", "[FILE]", "store a model, list it at a price, or change that")     \
    X(LISTINGS, "listings", "[show|withdraw NAME|deploy]", "your listings, and their contract") \
    X(QUOTE, "quote", "MODEL|URL", "what a call would cost; signs nothing")                  \
    X(CALL, "call", "MODEL|URL", "pay for one call, within your limits or by your yes")      \
    X(RECEIPTS, "receipts", "[ID]", "what was bought, checked against the chain")            \
    X(LIMITS, "limits", "[set TOKEN]", "what may be paid without asking again")              \
    X(WALLET, "wallet", "VERB …", "keys, balances, sending, allowances; `souk wallet` lists") \
    X(NETWORKS, "networks", "", "the network profiles")                                      \
    X(CONFIG, "config", "", "every setting and where it comes from")                         \
    X(DOCTOR, "doctor", "", "check this installation and the network's servers")             \
    X(DEVNET, "devnet", "up|down|status|reset", "the built-in market on this machine")       \
    X(WITNESS, "witness", "", "")                                                            \
    X(HELP, "help", "[COMMAND]", "this text, or a command's options")
/* clang-format on */

#define X(id, name, args, help) CMD_##id,
enum command_id { COMMAND_LIST(X) CMD_COUNT };
#undef X

#define ON(c)  (1u << CMD_##c)
#define ON_ALL ((1u << CMD_COUNT) - 1u)
#define ON_DATA                                                                                \
    (ON(MODELS) | ON(SHOW) | ON(COMPARE) | ON(HEALTH) | ON(AUTHORS) | ON(AUTHOR) | ON(WATCH) | \
     ON(KNOWN) | ON(NETWORKS) | ON(CONFIG) | ON(DOCTOR) | ON(DEVNET) | ON(SYNC) | ON(GET) |    \
     ON(LIBRARY) | ON(BLOB_ID) | ON(VERIFY) | ON(INSPECT) | ON(RUN) | ON_MONEY)
#define ON_LISTS (ON(MODELS) | ON(AUTHORS) | ON(COMPARE) | ON(AUTHOR) | ON(RECEIPTS) | ON(LIBRARY))
#define ON_MONEY \
    (ON(QUOTE) | ON(CALL) | ON(RECEIPTS) | ON(LIMITS) | ON(WALLET) | ON(PUBLISH) | ON(LISTINGS))
#define ON_SIGNS   (ON(CALL) | ON(RECEIPTS) | ON(LIMITS) | ON(WALLET) | ON(PUBLISH) | ON(LISTINGS))
#define ON_CONTENT (ON(GET) | ON(LIBRARY) | ON(BLOB_ID) | ON(VERIFY) | ON(RUN))

/* id, name, argument ("" for none), commands it belongs to, one line of help */
/* clang-format off */
#define OPTION_LIST(X)                                                                             \
    X(NETWORK, "network", "NAME", ON_ALL, "network profile: opengradient (default), devnet, …")    \
    X(JSON, "json", "", ON_DATA, "print JSON")                                                     \
    X(CSV, "csv", "", ON_LISTS, "print CSV")                                                       \
    X(OFFLINE, "offline", "", ON_ALL, "use the cache alone, never the network")                    \
    X(QUIET, "quiet", "", ON_ALL, "no progress and no remarks on stderr")                          \
    X(NO_COLOR, "no-color", "", ON_ALL, "no colours (as the variable NO_COLOR does)")              \
    X(WINDOW, "window", "7d|30d|90d|all",                                                          \
      ON(MODELS) | ON(SHOW) | ON(COMPARE) | ON(HEALTH) | ON(AUTHORS) | ON(AUTHOR) | ON(UI),        \
      "the window figures are for (default 30d)")                                                  \
    X(SORT, "sort", "KEY", ON(MODELS) | ON(AUTHORS), "calls, income, payers, price, new, name, …") \
    X(REVERSE, "reverse", "", ON(MODELS) | ON(AUTHORS), "the other direction")                     \
    X(LIMIT, "limit", "N", ON(MODELS) | ON(AUTHORS) | ON(RECEIPTS), "at most N rows")                             \
    X(TASK, "task", "TASK", ON(MODELS), "only this task")                                          \
    X(AUTHOR, "author", "NAME", ON(MODELS) | ON(PUBLISH), "only this author; publish: yours on the Hub")                                    \
    X(ALIVE, "alive", "", ON(MODELS), "only models called in the window")                          \
    X(WATCH, "watch", "", ON(SYNC), "go on until interrupted: read each new block")                \
    X(FULL, "full", "", ON(SYNC), "read everything again from the beginning")                      \
    X(ONLY, "only", "SOURCES", ON(SYNC), "of these: hub,bazaar,listings,payments,inferences,files") \
    X(EXPLAIN, "explain", "METRIC", ON(HEALTH) | ON(AUTHOR) | ON(SHOW),                            \
      "what a figure means, what it is made of, and its transactions")                             \
    X(SENSITIVITY, "sensitivity", "", ON(HEALTH), "what each threshold does to genuine spending")  \
    X(FINDINGS, "findings", "", ON(HEALTH) | ON(AUTHOR) | ON(SHOW), "what the rules found, with the evidence") \
    X(PROVE, "prove", "", ON(HEALTH), "check the cache against the chain, by another node")        \
    X(RPC, "rpc", "URL", ON(HEALTH), "prove: ask this node of the payment chain")                  \
    X(INFERENCE_RPC, "inference-rpc", "URL", ON(HEALTH), "prove: and this one of the inference chain") \
    X(SAMPLE, "sample", "N", ON(HEALTH), "prove: receipts of so many blocks (default 16)")         \
    X(WALLET, "wallet", "NAME", ON_MONEY, "this wallet, not the network's chosen one")             \
    X(ACCOUNT, "account", "N", ON_MONEY, "its account N (default 0)")                              \
    X(SHARDS, "shards", "N", ON(BLOB_ID) | ON(VERIFY), "of the network (default 1000)")             \
    X(METADATA, "metadata", "FILE", ON(BLOB_ID) | ON(VERIFY),                                      \
      "blob-id: write the blob's hashes there; verify: check row by row with them")                \
    X(STRICT, "strict", "", ON(GET) | ON(VERIFY) | ON(LIBRARY), "encode the whole file again")     \
    X(THREADS, "threads", "N", ON_CONTENT, "how many threads (default: all cores; run: 1)")        \
    X(FILE, "file", "NAME", ON(GET), "which file of the version")                                  \
    X(BLOB, "blob-id", "ID", ON(GET), "the model's blob ID, where the Hub does not tell it")       \
    X(PATH, "path", "", ON(GET), "print the file's path alone")                                    \
    X(INPUT, "input", "JSON|@FILE", ON(QUOTE) | ON(CALL) | ON(RUN),                                \
      "what to ask: the request's body; run: JSON, or @FILE with JSON, CSV or a TensorProto")      \
    X(GENERATE, "generate", "", ON(RUN), "make an input from the model's signature")               \
    X(DIMS, "dims", "NAME=N,…", ON(RUN), "generate: sizes of free dimensions (default 1)")         \
    X(AS, "as", "table|json|og", ON(RUN), "how to print outputs; og: as OpenGradient's nodes do")  \
    X(REPEAT, "repeat", "N", ON(RUN), "run N times more, and tell latency and throughput")         \
    X(WARMUP, "warmup", "N", ON(RUN), "run N times before that, untimed")                          \
    X(LEVEL, "level", "0|1|2|99", ON(RUN), "how much the engine optimises the model")              \
    X(MEMORY, "memory", "SIZE", ON(RUN), "most memory it may take (2G)")                           \
    X(TIMEOUT, "timeout", "SECONDS", ON(RUN), "most time it may take (default 60)")                \
    X(CHECK, "check", "DIR", ON(RUN), "inputs and expected outputs from DIR (input_0.pb, …)")      \
    X(RECEIPT, "receipt", "ID", ON(RUN), "the input of a paid call, and does the answer agree?")   \
    X(ENGINE, "engine", "", ON(DOCTOR), "get the ONNX Runtime that `souk run` needs")              \
    X(NAME, "name", "NAME", ON(PUBLISH), "the model's name on the Hub")                            \
    X(PRICE, "price", "AMOUNT", ON(PUBLISH), "of one call")                                        \
    X(ASSET, "asset", "TOKEN", ON(PUBLISH), "the token it is paid in (default USDC)")              \
    X(ENDPOINT, "endpoint", "URL", ON(PUBLISH), "where it is called")                              \
    X(PAY_TO, "pay-to", "ADDRESS", ON(PUBLISH), "who is paid (default: a fresh account)")          \
    X(EPOCHS, "epochs", "N", ON(PUBLISH), "of storage to pay for (default 10)")                    \
    X(PERMANENT, "permanent", "", ON(PUBLISH), "stored so that it cannot be deleted before")       \
    X(STORE_ONLY, "store-only", "", ON(PUBLISH), "store it, and list nothing")       \
    X(PROMPT, "prompt", "TEXT", ON(QUOTE) | ON(CALL), "what to ask a language model, in words")    \
    X(METHOD, "method", "METHOD", ON(QUOTE) | ON(CALL), "HTTP method (default POST)")              \
    X(SETTLEMENT, "settlement", "private|batch|individual", ON(QUOTE) | ON(CALL),                  \
      "gateway: what it posts on chain (individual: all of it)")                                   \
    X(OFFER, "offer", "N", ON(CALL), "take this offer of `souk quote`, not the cheapest")          \
    X(MAX, "max", "AMOUNT", ON(CALL), "pay no more than this")                                     \
    X(YES, "yes", "", ON(CALL) | ON(WALLET) | ON(PUBLISH) | ON(LISTINGS), "do not ask, within your limits")                     \
    X(ACCEPT, "accept", "WORD,…", ON(CALL),                                                        \
      "answer yes to: unproven, new-payee, other-payee, price, approve, code")                     \
    X(RESUME, "resume", "", ON(RECEIPTS), "go on with this purchase: the same bytes, never anew")  \
    X(PER_CALL, "per-call", "AMOUNT", ON(LIMITS), "most for one call")                             \
    X(PER_DAY, "per-day", "AMOUNT", ON(LIMITS), "most in 24 hours")                                \
    X(PER_WEEK, "per-week", "AMOUNT|none", ON(LIMITS), "most in 7 days")                           \
    X(PER_AUTHOR, "per-author", "AMOUNT|none", ON(LIMITS), "most for one author in 24 hours")      \
    X(PER_MODEL, "per-model", "AMOUNT|none", ON(LIMITS), "most for one model in 24 hours")         \
    X(LOCK_AFTER, "lock-after", "SECONDS", ON_SIGNS, "lock after so long unused (default 600)")    \
    X(PASSWORD_FD, "password-fd", "N", ON_SIGNS, "read the password from descriptor N")            \
    X(NEW_PASSWORD_FD, "new-password-fd", "N", ON(WALLET), "and the new one, or an export's")      \
    X(SECRET_FD, "secret-fd", "N", ON(WALLET), "import: words, key, or the V3 file's password")    \
    X(PASSPHRASE_FD, "passphrase-fd", "N", ON(WALLET), "import: the words' passphrase")            \
    X(WORDS, "words", "12|24", ON(WALLET), "create: how many words (default 12)")                  \
    X(WORDS_FD, "words-fd", "N", ON(WALLET), "create: write the words to descriptor N")            \
    X(ACCOUNTS, "accounts", "N", ON(WALLET), "create, import, accounts: how many accounts")        \
    X(V3, "v3", "FILE", ON(WALLET), "import, export: a Web3 Secret Storage file")                  \
    X(SHOW_WORDS, "show-words", "", ON(WALLET), "export: show the words, on the terminal alone")   \
    X(PLAY, "play", "", ON(WALLET), "create, import: for play money, with a weak lock")            \
    X(QR, "qr", "", ON(WALLET), "address: with a QR code")                                         \
    X(DATA, "data", "DIR", ON_ALL, "keep cache, state and configuration below DIR")                \
    X(CLOCK, "clock", "UNIXTIME", ON_ALL, "pretend that it is this time (tests, demos)")           \
    X(THEME, "theme", "NAME", ON(UI), "dark or light")                                             \
    X(SCRIPT, "script", "FILE", ON(UI), "play keys from FILE (- for standard input)")              \
    X(TERM, "term", "WxH", ON(UI), "with --script: draw on a grid, not on the terminal")           \
    X(DEVNET, "devnet", "", ON(UI), "start the built-in market, and stop it at the end")           \
    X(SEED, "seed", "N", ON(DEVNET) | ON(UI) | ON(RUN),                                            \
      "devnet: the history's seed (default 1); run: of a generated input")                         \
    X(N_MODELS, "models", "N", ON(DEVNET) | ON(UI), "devnet: models (default 2000)")               \
    X(N_AUTHORS, "authors", "N", ON(DEVNET) | ON(UI), "devnet: authors (default 300)")             \
    X(N_PAYMENTS, "payments", "N", ON(DEVNET) | ON(UI),                                            \
      "devnet: settled payments (default 30000)")                                                  \
    X(N_INFERENCES, "inferences", "N", ON(DEVNET) | ON(UI),                                        \
      "devnet: inference events (default 60000)")                                                  \
    X(N_DAYS, "days", "N", ON(DEVNET) | ON(UI), "devnet: days of history (default 120)")           \
    X(END, "end", "UNIXTIME", ON(DEVNET) | ON(UI),                                                 \
      "devnet: end of the history (default: last midnight)")                                       \
    X(TRAFFIC, "traffic", "SECONDS", ON(DEVNET) | ON(UI),                                          \
      "devnet: a real payment about every so often (0: none)")                                     \
    X(PORT, "port", "N", ON(DEVNET) | ON(UI), "devnet: first of seven ports (18400; 0: any free)") \
    X(HELP, "help", "", ON_ALL, "help on the command")                                             \
    X(VERSION, "version", "", ON_ALL, "the version")
/* clang-format on */

#define X(id, name, arg, on, help) OPT_##id,
enum option_id { OPTION_LIST(X) OPT_COUNT };
#undef X

enum { ARGS_MAX = 64 };
_Static_assert(CMD_COUNT <= 32, "a set of commands is an unsigned int");

struct options {
    enum command_id command;
    bool set[OPT_COUNT];
    const char *value[OPT_COUNT];
    const char *arg[ARGS_MAX]; /* what follows the command, options taken out */
    int args;
};

/* Parses argv; SOUK_EUSAGE names the mistake and the nearest right word. */
souk_err options_parse(int argc, char **argv, struct options *o, struct err *e);

/* The option's value as a number in [min, max]; absent when not given. */
souk_err options_int(const struct options *o, enum option_id id, int64_t absent, int64_t min,
                     int64_t max, int64_t *out, struct err *e);

void options_help(enum command_id about); /* CMD_HELP or CMD_UI: everything */

#endif
