/*
 * actions.h: everything a key can mean. One table: key dispatch, the footer,
 * `?` help, the palette and (later) the man page are all made from it.
 *
 * id, name (in the palette and in scripts), keys (key_parse notation, blanks
 * between), a word for the footer, help sentence, group (heading in the help).
 * A key means the same on every screen; test_ui_actions checks that no key
 * stands twice. One exception: where a figure can be explained, `?` explains it,
 * and help is F1 (as it is everywhere). A screen lists the actions it takes (app.h), most useful
 * first: those make its footer, its help and its palette. GENERAL actions are
 * the app's own and always there; MOVE actions are offered to every screen.
 */
#ifndef SOUK_UI_ACTIONS_H
#define SOUK_UI_ACTIONS_H

#include "ui/input.h"

/* clang-format off */
#define ACTIONS(X)                                                                                 \
    X(UP, "up", "<Up> k", "up", "Row up", MOVE)                                                    \
    X(DOWN, "down", "<Down> j", "down", "Row down", MOVE)                                          \
    X(LEFT, "left", "<Left> h", "left", "Column or pane to the left", MOVE)                        \
    X(RIGHT, "right", "<Right> l", "right", "Column or pane to the right", MOVE)                   \
    X(PAGE_UP, "page-up", "<PgUp> <C-b>", "page up", "One page up", MOVE)                          \
    X(PAGE_DOWN, "page-down", "<PgDn>", "page down", "One page down", MOVE)                        \
    X(HALF_UP, "half-up", "<C-u>", "half up", "Half a page up", MOVE)                              \
    X(HALF_DOWN, "half-down", "<C-d>", "half down", "Half a page down", MOVE)                      \
    X(TOP, "top", "g <Home>", "top", "To the first row", MOVE)                                     \
    X(BOTTOM, "bottom", "G <End>", "bottom", "To the last row", MOVE)                              \
    X(NEXT_PANE, "next-pane", "<Tab>", "pane", "Next pane", MOVE)                                  \
    X(PREV_PANE, "previous-pane", "<S-Tab>", "pane back", "Previous pane", MOVE)                   \
    X(OPEN, "open", "<Enter>", "open", "Open what is selected", SCREEN)                            \
    X(FILTER, "filter", "/", "search", "Search as you type", SCREEN)                               \
    X(FACETS, "facets", "f", "filter", "Choose a filter: alive, listed, proven, task", SCREEN)     \
    X(MARK, "mark", "<Space>", "mark", "Mark or unmark the row", SCREEN)                           \
    X(COMPARE, "compare", "C", "compare", "Compare the marked models side by side", SCREEN)        \
    X(SORT, "sort", "s", "sort", "Choose the sort column", SCREEN)                                 \
    X(SORT_LEFT, "sort-left", "<lt>", "sort left", "Sort by the column to the left", SCREEN)       \
    X(SORT_RIGHT, "sort-right", ">", "sort right", "Sort by the column to the right", SCREEN)      \
    X(REVERSE, "reverse", "I", "invert", "Invert the order", SCREEN)                               \
    X(WINDOW_LESS, "window-shorter", "[", "shorter", "Shorter window: all, 90, 30, 7 days", SCREEN)\
    X(WINDOW_MORE, "window-longer", "]", "window", "Longer window: 7, 30, 90 days, all", SCREEN)   \
    X(AUTHOR, "author", "a", "author", "The author's page", SCREEN)                                \
    X(COPY, "copy-id", "y", "copy id", "Copy the id to the clipboard", SCREEN)                     \
    X(CLEAR, "clear", "x", "clear", "Take off all filters and marks", SCREEN)                      \
    X(EXPLAIN, "explain", "e", "explain", "Where this figure comes from; ? does it too", SCREEN)   \
    X(FINDINGS, "findings", "F", "findings", "What the rules found in the payments", SCREEN)       \
    X(WATCH, "watch", "W", "watch", "Watch: be told of each payment to this author", SCREEN)       \
    X(EXPORT, "export", "E", "export", "How to get all of it as a file", SCREEN)                   \
    X(DEVNET, "devnet", "D", "start devnet", "Start the built-in market on this machine", SCREEN)  \
    X(CALL, "call", "c", "call", "Call it: ask the price, pay, see the answer", SCREEN)            \
    X(RUN, "run", "r", "run", "Run it on this machine: fill in its inputs, see its outputs", SCREEN)\
    X(GET, "get", "d", "get", "Get its file, proved on the way; on one that comes: stop", SCREEN)  \
    X(CHECK, "check", "v", "check", "Check again: a file by its ID, rows by their digest", SCREEN) \
    X(CALL_OTHER, "call-other", "U", "call other", "Call a URL, or a model of a gateway", SCREEN)  \
    X(RAW, "as-json", "<C-t>", "JSON", "The input as fields, or as one JSON text", SCREEN)         \
    X(RECEIPTS, "receipts", "R", "receipts", "What was bought, and what became of it", SCREEN)     \
    X(RESUME, "go-on", "o", "go on", "Go on with a call whose outcome is not known", SCREEN)       \
    X(SEND, "send", "t", "send", "Send tokens or coin", SCREEN)                                    \
    X(RECEIVE, "receive", "i", "receive", "Your address, as a QR code too", SCREEN)                \
    X(LIMITS, "limits", "b", "limits", "Set the limits of a token: call, day, week", SCREEN)       \
    X(VOID, "void", "X", "take away", "Take away: signature, allowance, transaction, file", SCREEN)\
    X(SPEED_UP, "speed-up", "p", "speed up", "Send it again with a higher fee", SCREEN)            \
    X(WALLETS, "wallets", "w", "wallets", "Choose, make or import a wallet; accounts", SCREEN)     \
    X(PUBLISH, "publish", "P", "publish", "Publish a model: store, prove and list it; change it", GENERAL)\
    X(LISTINGS, "listings", "O", "listings", "Your own listings: prices, income, withdraw", GENERAL)\
    X(UNLOCK, "unlock", "u", "unlock", "Unlock the wallet, at the terminal", GENERAL)              \
    X(LOCK, "lock", "L", "lock", "Lock the wallet now", GENERAL)                                   \
    X(KILL, "kill", "K", "KILL", "Stop all signing at once; later: allow it again", GENERAL)       \
    X(TAB_1, "market", "1", "Market", "Market: all models", GENERAL)                               \
    X(TAB_2, "health", "2", "Health", "Health: a shelf or a market?", GENERAL)                     \
    X(TAB_3, "authors", "3", "Authors", "Authors: who earns", GENERAL)                             \
    X(TAB_4, "activity", "4", "Activity", "Activity: what is running, fresh, failed", GENERAL)     \
    X(TAB_5, "wallet", "5", "Wallet", "Wallet: what you have, and what may be taken", GENERAL)     \
    X(TAB_6, "library", "6", "Library", "Library: the models on this disk", GENERAL)               \
    X(SYNC, "sync", "S", "sync", "Fetch what is new, now", GENERAL)                                \
    X(PALETTE, "palette", ": <C-p>", "palette", "Find a command by name", GENERAL)                 \
    X(HELP, "help", "? <F1>", "help", "All keys of this screen", GENERAL)                          \
    X(BACK, "back", "q <Esc>", "back", "Back; from the first screen: leave souk", GENERAL)         \
    X(MOUSE, "mouse", "m", "mouse", "Mouse on or off (off: the terminal selects text)", GENERAL)   \
    X(REDRAW, "redraw", "<C-l>", "redraw", "Draw the screen anew", GENERAL)                        \
    X(SUSPEND, "suspend", "<C-z>", "suspend", "To the shell; fg comes back", GENERAL)              \
    X(QUIT, "quit", "Q <C-c>", "quit", "Leave souk", GENERAL)
/* clang-format on */

enum action {
    ACT_NONE,
#define ACTION_ID(id, name, keys, word, help, group) ACT_##id,
    ACTIONS(ACTION_ID)
#undef ACTION_ID
        ACT_COUNT
};

enum action_group { GROUP_MOVE, GROUP_SCREEN, GROUP_GENERAL };

struct action_info {
    const char *name, *keys, *word, *help;
    enum action_group group;
};

const struct action_info *action_info(enum action a); /* BUG on ACT_NONE */
enum action action_for_key(struct key k);             /* ACT_NONE when the key means nothing */
enum action action_by_name(const char *name);         /* ACT_NONE */
/* The first key of an action as a label for the footer. */
char *action_key_label(enum action a, enum text_charset cs, char out[KEY_NAME_MAX]);

#endif
