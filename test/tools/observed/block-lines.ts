import { readFileSync } from 'node:fs';

/** The lines of a page's code blocks of one language. */
export function blockLines(page: string, language: string): readonly string[] {
  const blocks = readFileSync(page, 'utf8').matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'));
  return [...blocks].flatMap(([, text = '']) => text.split('\n').filter((line) => line !== ''));
}
