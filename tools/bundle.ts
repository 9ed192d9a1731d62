// `npm run bundle`: the program as the image and the package carry it, in dist/.
import { buildBundle } from './build-bundle.ts';

await buildBundle('dist');
