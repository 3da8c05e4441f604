'use strict';

// The official SDK for browsers, unpatched, in jsdom's window with jQuery. The page's address is
// the server's, so that no rule about other origins comes between. Users of this SDK sign with
// code of their own; here that is `sign`.

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { JSDOM } = require('jsdom');
const { serve } = require('./call_lines.js');

const MINUTE = 60;

function connect(settings) {
  const page = new JSDOM('', { url: `http://${settings.address}/`, runScripts: 'outside-only' });
  const { window } = page;
  window.$ = window.jQuery = require('jquery')(window);
  window.eval(fs.readFileSync(require.resolve('cos-js-sdk-v4'), 'utf8'));

  function client(bucket) {
    return new window.CosCloud({
      appid: settings.appid,
      bucket,
      region: `${settings.address}/`, // what follows, `.file.myqcloud.com`, becomes a folder
      getAppSign: (callback) => callback(sign(settings, bucket, '', now() + MINUTE)),
      getAppSignOnce(callback) {
        callback(sign(settings, bucket, this.path, 0));
      },
    });
  }

  return (method, args, options) => new Promise((resolve) => {
    const [bucket, remotePath, ...rest] = args;
    const cos = client(bucket);
    const ended = (outcome) => resolve(answerIn(outcome));
    const progress = options.file === undefined ? [] : [() => {}];
    const file = options.file === undefined ? [] : [fileIn(window, options.file)];
    cos[method](ended, ended, ...progress, bucket, remotePath, ...file, ...rest);
  });
}

// The SDK tells of some failures by an answer or an error of its own, and of others by jQuery's
// request, to either callback.
function answerIn(outcome) {
  if (typeof outcome.statusCode !== 'function') {
    return outcome;
  }
  return outcome.responseJSON || { code: null, message: outcome.statusText };
}

function fileIn(window, name) {
  return new window.File([fs.readFileSync(name)], path.basename(name));
}

function now() {
  return Math.floor(Date.now() / 1000);
}

function sign(settings, bucket, fileid, expires) {
  const random = crypto.randomInt(2 ** 32);
  const plain = `a=${settings.appid}&k=${settings.secret_id}&e=${expires}&t=${now()}`
    + `&r=${random}&f=${fileid}&b=${bucket}`;
  const mac = crypto.createHmac('sha1', settings.secret_key).update(plain).digest();
  return Buffer.concat([mac, Buffer.from(plain)]).toString('base64');
}

serve(connect);
