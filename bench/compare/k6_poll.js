// The same poll as the other clients make, for k6. TARGET, USERS, LENGTH and, for a pace, EVERY
// (seconds) come from the environment. Users with a pace begin at random within one period: k6
// starts all of them at once, and the herd would be the latency. With RATE so many polls come in a
// second, whoever makes them.
import http from 'k6/http';
import { sleep } from 'k6';

const rate = Number(__ENV.RATE || 0);
const every = rate > 0 ? 0 : Number(__ENV.EVERY || 0);
const users = Number(__ENV.USERS);
const url = `${__ENV.TARGET}/apiaccess/ccmessaging/poll?receiverId=lean-0001&channel=WEB`;
const headers = { 'x-app-key': 'lean', Authorization: 'Bearer lean-access', 'ccmessaging-token': 'lean-user' };

const paced = { executor: 'constant-vus', vus: users, duration: __ENV.LENGTH, gracefulStop: '1s' };
const arriving = { executor: 'constant-arrival-rate', rate, timeUnit: '1s', duration: __ENV.LENGTH, preAllocatedVUs: users, maxVUs: users, gracefulStop: '10s' };

export const options = {
  scenarios: { polls: rate > 0 ? arriving : paced },
  summaryTrendStats: ['p(50)', 'p(99)', 'p(99.9)'],
};

export default function () {
  if (every > 0 && __ITER === 0) sleep(Math.random() * every);
  http.get(url, { headers });
  if (every > 0) sleep(every);
}
