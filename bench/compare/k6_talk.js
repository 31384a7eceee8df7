// The conversation of talk.yaml, played by k6. TARGET, CHANNEL, KEY, SECRET, USERS, SPREAD (seconds
// in which they come) and PAUSE (seconds between an answer and the next poll) come from the
// environment. The application token is one for all, as in chatbench.
import http from 'k6/http';
import encoding from 'k6/encoding';
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';

const users = Number(__ENV.USERS);
const pause = Number(__ENV.PAUSE);
const api = `${__ENV.TARGET}/apiaccess/ccmessaging`;
const ended = new Counter('conversations');
const polled = new Counter('polls');
const pictures = new Counter('pictures');
const wrong = new Counter('wrong');

export const options = {
  scenarios: { visitors: { executor: 'per-vu-iterations', vus: users, iterations: 1, maxDuration: '60s' } },
  summaryTrendStats: ['p(50)', 'p(99)', 'p(99.9)'],
};

export function setup() {
  console.log('talk begins'); // the users are ready; what k6 has used until now is not counted
  const body = JSON.stringify({ app_key: __ENV.KEY, app_secret: __ENV.SECRET });
  const answer = http.post(`${__ENV.TARGET}/apigovernance/api/oauth/tokenByAkSk`, body, { headers: { 'Content-Type': 'application/json' } });
  return answer.json('AccessToken');
}

// visitor makes the calls of one user.
class visitor {
  constructor(access) {
    this.id = `k6-${__VU}`;
    this.headers = { 'Content-Type': 'application/json', 'x-app-key': __ENV.KEY, Authorization: `Bearer ${access}` };
    const body = { userId: this.id, userName: this.id, channelId: __ENV.CHANNEL, locale: 'en_US' };
    this.headers['ccmessaging-token'] = this.post('/applyToken', body).token;
  }

  good(response) {
    const answer = response.json();
    if (answer.resultCode !== '0') wrong.add(1);
    return answer;
  }

  post(path, body) {
    return this.good(http.post(api + path, JSON.stringify(body), { headers: this.headers, tags: { name: path } }));
  }

  send(control, content) {
    const text = { channel: 'WEB', sourceType: 'CUSTOMER', controlType: control, mediaType: 'TEXT', content };
    this.post('/send', { ...text, from: this.id, to: __ENV.CHANNEL, senderNickname: this.id, timestamp: String(Date.now()) });
  }

  poll() {
    polled.add(1);
    const url = `${api}/poll?receiverId=${this.id}&channel=WEB`;
    return this.good(http.get(url, { headers: this.headers, tags: { name: '/poll' } })).downlinkMessages || [];
  }

  // served asks what the demo client asks when an agent is there.
  served() {
    http.get(`${api}/v1/checkClickToCallSupport?channel=WEB`, { headers: this.headers, tags: { name: '/support' } });
  }

  look(file) {
    const body = { fileId: file, fileType: 'jpg', multiMedia: 'multiMedia', channel: 'WEB' };
    const picture = encoding.b64decode(this.post('/downloadFileStream', body).fileStream);
    if (picture.byteLength < 64 * 1024) wrong.add(1);
    pictures.add(1);
  }
}

export default function (access) {
  sleep(((__VU - 1) / users) * Number(__ENV.SPREAD));
  const v = new visitor(access);
  v.send('CONNECT', 'hello');
  let robot = 0;
  let agent = 0;
  for (let tries = 0; tries < 500; tries++) {
    sleep(pause + Math.random() * 0.01);
    for (const m of v.poll()) {
      if (m.controlType === 'DISCONNECT') {
        ended.add(1);
        return;
      }
      if (m.mediaType === 'IMAGE') {
        v.look(m.content);
      } else if (m.sourceType === 'ROBOT') {
        robot++;
        if (robot < 3) v.send('CHAT', `where is my parcel with the number ${robot}?`);
        if (robot === 3) v.send('TRANS2AGENT', 'a human, please');
      } else if (m.sourceType === 'AGENT' && ++agent === 1) {
        v.served();
        v.send('CHAT', 'where is my parcel?');
      }
    }
  }
  wrong.add(1);
}
