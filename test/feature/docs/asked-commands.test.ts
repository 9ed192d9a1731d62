import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runMain } from '../../../src/cli/main.ts';
import { commandsOfPage, questionOf } from '../../tools/documented-commands.ts';
import { allPages } from '../../tools/pages.ts';

interface Answer {
  readonly code: number;
  readonly output: string;
}

/** What the program says in this process; an offline question once, however many pages ask it. */
const answers = new Map<string, Promise<Answer>>();

function answerTo(command: string): Promise<Answer> {
  const known = answers.get(command) ?? asked(command);
  answers.set(command, known);
  return known;
}

async function asked(command: string): Promise<Answer> {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const code = await runMain(wordsOf(command).slice(2), { env: {}, print: say, script: '' }, say);
  return { code, output: said.join('\n') };
}

/** As a shell would: blanks divide, single quotes hold together. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/(?:[^\s']+|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));
}

/** Runs of blanks are columns, which are as wide as what is in them. */
function isShown(output: string, line: string): boolean {
  const plain = (text: string) => text.replaceAll(/ +/g, ' ').trim();
  return plain(output).includes(plain(line.replace(/ ?\.\.\.$/, '')));
}

suite('questions in pages about folders of examples', () => {
  for (const { page, command, shows } of allPages().flatMap(commandsOfPage)) {
    const question = questionOf(command);
    if (question === undefined) continue;
    test(`${page}: ${question}`, async () => {
      const { code, output } = await answerTo(question);
      assert.ok(code === 0 || code === 3, `${question} ends with ${code}\n${output}`);
      for (const line of shows) assert.ok(isShown(output, line), `${question} does not print\n  ${line}\nbut\n${output}`);
    });
  }
});
