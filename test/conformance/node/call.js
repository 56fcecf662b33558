// Calls a server with the service's RPC client. Each line of standard input is a
// call, {"action", "params", "method"}; each line of standard output is what
// became of it, {"body"} or {"code", "status", "message"}.
'use strict';

const readline = require('node:readline');
const { RPCClient } = require('@alicloud/pop-core');

const [endpoint, accessKeyId, accessKeySecret] = process.argv.slice(2);
const client = new RPCClient({ endpoint, accessKeyId, accessKeySecret, apiVersion: '2016-11-01' });

async function call({ action, params, method }) {
  try {
    return { body: await client.request(action, params, { method }) };
  } catch (err) {
    if (!err.entry) {
      throw err; // not an answer of the server
    }
    return { code: err.code, status: err.entry.response.statusCode, message: err.data.Message };
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await call(JSON.parse(line))));
  }
  client.keepAliveAgent.destroy();
}

main().catch((err) => {
  console.error(err);
  process.exitCode = 1;
});
