// souk at a terminal: a tmux of the test's own (a test file has one), keys that go in, and what is
// waited for on its screen.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from './money.mjs';
import { souk } from './world.mjs';

const DEADLINE = 60_000;
let at; /* the home that is open, and the socket of its tmux */

export const tmux = (...args) => execFileSync('tmux', ['-S', at.socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
export const screen = () => tmux('capture-pane', '-p');
export const keys = (...names) => tmux('send-keys', ...names);
export const type = (text) => tmux('send-keys', '-l', '--', text);
export function paste(text) {
    tmux('set-buffer', text);
    tmux('paste-buffer', '-p');
}

/** Asks for the screen until the condition holds; a deadline, not a sleep, ends it. */
export async function until(what, holds) {
    for (const end = Date.now() + DEADLINE; ; await sleep(30)) {
        const now = screen();
        if (holds(now)) return now;
        if (Date.now() > end) assert.fail(`waited for ${what}; the screen:\n${now}`);
    }
}
export const see = (text) => until(JSON.stringify(text), (s) => s.includes(text));
export const gone = (text) => until(`no ${JSON.stringify(text)}`, (s) => !s.includes(text));

/** Presses the key until the screen is so: forms have as many fields as the model has inputs. */
export async function press(key, what, holds) {
    for (let i = 0; i < 40; i++) {
        if (holds(screen())) return;
        keys(key);
        await sleep(30);
    }
    assert.fail(`no ${what}:\n${screen()}`);
}
export const to = (text, key = 'Down') => press(key, text, (s) => s.includes(text));

/** Opens souk on a home that has the devnet's 60 models. */
export async function open(home, cols, rows) {
    at = { home, socket: path.join(path.dirname(home), 'tmux') };
    tmux('new-session', '-d', '-x', String(cols), '-y', String(rows), '-e', 'LANG=C.UTF-8', `'${souk}' --network devnet --data '${home}'`);
    await see('of 60');
}

/** Waits until souk has ended by itself, and tmux with it. */
export async function ended() {
    for (const end = Date.now() + DEADLINE; ; await sleep(30)) {
        try {
            tmux('has-session');
        } catch {
            return;
        }
        if (Date.now() > end) assert.fail(`souk is still there:\n${screen()}`);
    }
}

/** Leaves neither a signer nor a tmux behind, wherever the test got to. */
export async function close() {
    if (!at) return;
    await lock(at.home);
    try { tmux('kill-server'); } catch { /* it has ended by itself */ }
}
