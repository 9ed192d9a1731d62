import { readFileSync } from 'node:fs';
import { clients } from './clients.ts';
import { layer4, tls } from './connections.ts';
import type { GuideEntry, GuideSection } from './guide-entry.ts';
import { protocols, routing } from './routing.ts';
import { backends, traffic } from './traffic.ts';

/** Every section of the page, in order. */
export const guideSections: readonly GuideSection[] = [routing, clients, traffic, backends, tls, protocols, layer4];

const folder = 'examples/smartroute';

/** `docs/smartroute-by-example.md`: the examples by what they are for, each as it is in its file. */
export function renderSmartRouteGuide(): string {
  return [introduction, ...guideSections.map(renderSection), ending].join('\n');
}

function renderSection({ title, entries }: GuideSection): string {
  return [`## ${title}`, '', ...entries.map(renderEntry)].join('\n');
}

function renderEntry({ want, files, note, asks, shows }: GuideEntry): string {
  return `### I want to ${want}

${files.map((file) => `[${file}.yaml](../${folder}/${file}.yaml)`).join(', ')}${note === undefined ? '' : `: ${note}`}

\`\`\`yaml
${files.map(specOf).join('---\n')}\`\`\`

\`\`\`sh
npx smartproxy-ingress explain ${asks} --manifests ${folder}
\`\`\`

\`\`\`text
${shows.join('\n')}
\`\`\`
`;
}

/** What the last object of an example says, without its name and class: the same in all of them. */
function specOf(file: string): string {
  const text = readFileSync(`${folder}/${file}.yaml`, 'utf8');
  const [, spec] = /^(spec:\n[\s\S]*)/m.exec(text.split(/^---\n/m).at(-1) ?? '') ?? [];
  if (spec === undefined) throw new Error(`Cannot show ${file}.yaml: its last object has no spec`);
  return spec.replace(/^ {2}ingressClassName: smartproxy\n/m, '');
}

const introduction = `# SmartRoute by example

What people want to do, and the [example](../${folder}/README.md) that does it. Generated from those files by \`npm run generate\`, so what
is here works: a test sends requests through each, and another asks each question below. Every field is in
[smartroute.md](smartroute.md#fields), the words in [concepts.md](concepts.md).

Each object here has the same beginning, which is left out:

\`\`\`text
apiVersion: smartproxy.dev/v1alpha1
kind: SmartRoute
metadata: {name: NAME, namespace: default}
spec:
  ingressClassName: smartproxy
\`\`\`

The question below each is answered offline, with the Services and listeners of [around](../${folder}/around); of the answer only the lines
that matter are shown. Without \`--manifests\` the same question goes to [a running program](ask.md#on-a-running-program), without its
port to the published one. To see the ones over HTTP work, serve them on your machine with small backends that answer with the request as they got it:

\`\`\`sh
npx smartproxy-ingress run --manifests ${folder} --echo-backends
curl -H 'Host: rewrite.example.com' http://127.0.0.1:8080/users/17/orders   # in another terminal
\`\`\`
`;

const ending = `## Before you apply yours

\`\`\`sh
npx smartproxy-ingress lint -f ${folder} --fail-on never
\`\`\`

says what would not work in a folder, with object, field, line and what to do; [ask.md](ask.md#what-is-wrong-with-my-manifests) has how to let it gate
changes. Something goes elsewhere than you thought: [troubleshooting.md](troubleshooting.md).
`;
