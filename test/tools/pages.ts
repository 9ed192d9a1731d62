import { globSync } from 'node:fs';

/** Every page of the repository that is Markdown, sorted. */
export function allPages(): readonly string[] {
  return [...globSync('*.md'), ...['bench', 'deploy', 'docs', 'examples'].flatMap((folder) => globSync(`${folder}/**/*.md`))].sort();
}
