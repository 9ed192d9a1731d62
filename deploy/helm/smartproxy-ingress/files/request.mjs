// Run by `helm test` with the URLs of the Service: each must give an HTTP answer within a minute. Which one depends on the Ingresses; it
// is 404 when none matches.
import { request as plain } from 'node:http';
import { request as overTls } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

function statusOf(url) {
  const request = url.startsWith('https:') ? overTls : plain;
  return new Promise((resolve, reject) => {
    const sent = request(url, { rejectUnauthorized: false, agent: false, timeout: 5000 }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
      response.once('error', reject);
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer in 5 s')));
    sent.once('error', reject);
    sent.end();
  });
}

const deadline = Date.now() + 60_000;
for (const url of process.argv.slice(1)) {
  for (let status; status === undefined; ) {
    try {
      status = await statusOf(url);
      console.log(`${url} answers with ${status}`);
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`Cannot reach ${url}: ${error.message}`);
      console.log(`${url}: ${error.message}`);
      await delay(1000);
    }
  }
}
