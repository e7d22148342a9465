// Asks the real node:net what ask.cpp asked this library, and shows where the answers differ.
// Usage: ask > asked; node compare.mjs < asked
import net from 'node:net';
import process from 'node:process';
import { createInterface } from 'node:readline';

const { SocketAddress, BlockList } = net;
const versionOfTheRules = '25.8.1';

// Where this library is different on purpose. Each row: the rule, and a test of (question, Node's answer, ours). Nothing else may differ.

const wholeRules = [
  /^(Address: IPv4 D|Range: IPv4 D-D|Subnet: IPv4 D\/\d{1,2})$/,
  /^(Address: IPv6 H|Range: IPv6 H-H|Subnet: IPv6 H\/\d{1,3})$/,
].map((rule) => new RegExp(rule.source.replaceAll('D', '\\d{1,3}(?:\\.\\d{1,3}){3}').replaceAll('H', '[0-9a-fA-F:]{1,39}')));

function readsLinesAlike(json) {
  const looksLikeRule = (text) => /(?:address|range|subnet): ipv[46]/i.test(text);
  return JSON.parse(json).every((text) => !looksLikeRule(text) || wholeRules.some((rule) => rule.test(text)));
}

const badBytes = (text) => /\0|[^\0-\x7f]/.test(text);
const longBeforeZone = (text) => text.indexOf('%') > 39;
const misread = [
  ['bad input: a NUL or a character beyond ASCII makes a text no address; Node stops reading at a NUL, and drops what is in a zone',
    (text, node, ours) => badBytes(text) && (ours === false || ours === 'ERR_INVALID_ADDRESS: Invalid socket address')],
  ['S5.6: an address with a zone is read to its end; Node cuts it off after 39 characters', longBeforeZone],
];

const differences = {
  address: misread,
  check: misread,
  parse: [
    ['S5.15: port 80 is 80', (text, node, ours) => node && ours?.port === 80 && node.port === 0 && node.address === ours.address],
    ['S5.16: nothing may follow or precede the address as in a URL',
      (text, node, ours) => ours === null && /[/?#@\\%\t\n\r]|[\0-\x20]$|[^\0-\x7f]/.test(text)],
  ],
  json: [
    ['S6.12: IPv4-mapped addresses are read as they are written, and a rule is a whole line',
      (json, node) => node.error !== 'SyntaxError' && node.error !== 'ERR_INVALID_ARG_TYPE' && !readsLinesAlike(json)],
  ],
};

const seen = {};
const excused = {};
let failed = 0;

function compare(kind, question, node, ours) {
  seen[kind] = (seen[kind] ?? 0) + 1;
  if (JSON.stringify(node) === JSON.stringify(ours)) return;
  const why = differences[kind]?.find(([, test]) => test(question, node, ours))?.[0];
  if (why) {
    excused[why] = (excused[why] ?? 0) + 1;
  } else if (++failed <= 20) {
    console.log(`${kind} ${JSON.stringify(question)}\n  Node: ${JSON.stringify(node)}\n  ours: ${JSON.stringify(ours)}`);
  }
}

function outcome(call, withMessage = true) {
  try {
    call();
    return null;
  } catch (error) {
    const name = error.code ?? error.name;
    return withMessage ? `${name}: ${error.message}` : name;
  }
}

function constructed(address, family) {
  let value;
  return outcome(() => { value = new SocketAddress({ address, family }).toJSON(); }) ?? value;
}

const withParse = typeof SocketAddress.parse === 'function';
const withJSON = typeof BlockList.prototype.fromJSON === 'function';

const ask = {
  text(text, is, is4, is6, as4, as6, parsed) {
    compare('isIP', text, [net.isIP(text), net.isIPv4(text), net.isIPv6(text)], [is, is4, is6]);
    compare('address', text, constructed(text, 'ipv4'), as4);
    compare('address', text, constructed(text, 'ipv6'), as6);
    if (withParse) compare('parse', text, SocketAddress.parse(text)?.toJSON() ?? null, parsed);
  },

  list(rules, checks, texts) {
    const list = new BlockList();
    const object = (address) => new SocketAddress({ address, family: address.includes(':') ? 'ipv6' : 'ipv4' });
    let spoiled = false;
    for (const [name, family, first, second, ours] of rules) {
      const convert = family ? (text) => text : object;
      const args = name === 'addAddress' ? [convert(first)] :
        name === 'addRange' ? [convert(first), convert(second)] : [convert(first), second];
      // A rule that Node misreads would spoil the rest of the list.
      if ([first, second].some((text) => badBytes(`${text}`) || longBeforeZone(`${text}`))) spoiled = true;
      else compare('add', [name, family, first, second], outcome(() => list[name](...args, ...(family ? [family] : []))), ours);
    }
    if (spoiled) return;
    compare('rules', rules, list.rules, texts);
    for (const [text, family, ours] of checks) compare('check', text, list.check(text, family), ours, list.rules);
  },

  json(json, error, texts) {
    if (!withJSON) return;
    const list = new BlockList();
    compare('json', json, { error: outcome(() => list.fromJSON(json), false), rules: list.rules }, { error, rules: texts });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [kind, ...rest] = JSON.parse(line);
  ask[kind](...rest);
}

const total = Object.values(seen).reduce((sum, count) => sum + count, 0);
console.log(`Node ${process.versions.node}: ${total} answers compared:`, seen);
for (const [why, count] of Object.entries(excused)) console.log(`  ${count} differ on purpose: ${why}`);
if (process.versions.node !== versionOfTheRules) {
  console.log(`  The rules are those of Node ${versionOfTheRules}; this one is another.`);
  if (!withParse) console.log('  Not asked: SocketAddress.parse, which this Node has not.');
  if (!withJSON) console.log('  Not asked: BlockList.fromJSON, which this Node has not.');
}
const enough = seen.isIP >= 100000 && seen.check >= 20000;
if (!enough) console.log('Too few questions: the generator failed.');
console.log(failed ? `${failed} answers differ.` : 'No other difference.');
process.exit(failed || !enough ? 1 : 0);
