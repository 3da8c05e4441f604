'use strict';

// The official Node SDK, unpatched. Its methods end in a callback.

const sdk = require('qcloud_cos_v4');
const { serve } = require('./call_lines.js');

function connect(settings) {
  const region = `${settings.address}/`; // what follows, `.file.myqcloud.com`, becomes a folder
  sdk.conf.setAppInfo(settings.appid, settings.secret_id, settings.secret_key, region);
  return (method, args) => new Promise((resolve) => {
    sdk.cos[method](...args, resolve);
  });
}

serve(connect);
