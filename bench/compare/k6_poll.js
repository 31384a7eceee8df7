// The same poll as the other clients make, for k6. TARGET, USERS, LENGTH and, for a pace, EVERY
// (seconds) come from the environment. Users with a pace begin at random within one period: k6
// starts all of them at once, and the herd would be the latency.
import http from 'k6/http';
import { sleep } from 'k6';

const every = Number(__ENV.EVERY || 0);
const url = `${__ENV.TARGET}/apiaccess/ccmessaging/poll?receiverId=lean-0001&channel=WEB`;
const headers = { 'x-app-key': 'lean', Authorization: 'Bearer lean-access', 'ccmessaging-token': 'lean-user' };

export const options = {
  scenarios: { polls: { executor: 'constant-vus', vus: Number(__ENV.USERS), duration: __ENV.LENGTH, gracefulStop: '1s' } },
  summaryTrendStats: ['p(50)', 'p(99)'],
};

export default function () {
  if (every > 0 && __ITER === 0) sleep(Math.random() * every);
  http.get(url, { headers });
  if (every > 0) sleep(every);
}
