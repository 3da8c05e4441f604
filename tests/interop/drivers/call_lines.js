'use strict';

// Calls to a client, a line of JSON each, from standard input; the answers on standard output.
// The first line holds the settings. `connect` makes of them what carries out a call.

const readline = require('readline');

const answer = console.log;
console.log = console.error; // clients print what they like

async function serve(connect) {
  let carryOut = null;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    if (carryOut === null) {
      carryOut = connect(message);
    } else {
      answer(JSON.stringify(await outcome(carryOut, message)));
    }
  }
}

async function outcome(carryOut, call) {
  try {
    return { returned: await carryOut(call.method, call.args, call.options) };
  } catch (error) {
    return { raised: String(error) };
  }
}

module.exports = { serve };
