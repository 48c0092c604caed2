// What a shell user expects of a command's standard output.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const souk = path.resolve(process.env.SOUK ?? './souk');
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-pipes-'));
const bash = (script) => spawnSync('bash', ['-c', script, 'bash', souk, home], { encoding: 'utf8' });

process.on('exit', () => fs.rmSync(home, { recursive: true, force: true }));

test('a reader that has seen enough is no failure', () => {
    // The reader is gone for certain before souk writes.
    for (const how of ['--json', '']) {
        const r = bash(`exec 3> >(exit 0); wait $!; "$1" config ${how} --data "$2" >&3`);
        assert.equal(r.stderr, '');
        assert.equal(r.status, 0);
    }
});

test('a full disk is one', () => {
    for (const what of ['config --json', 'config', 'help', '--version']) {
        const r = bash(`"$1" ${what} --data "$2" > /dev/full`);
        assert.match(r.stderr, /^souk: standard output could not be written\n$/);
        assert.equal(r.status, 1);
    }
});
