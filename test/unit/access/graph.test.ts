import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CallGraph,
  callGraphOf,
  chainsBetween,
  narrowed,
} from '../../../src/access/graph/call-graph.ts';
import { endsAtBoxes } from '../../../src/access/graph/edge-ends.ts';
import { overlap, placeLabels, rectangleOf } from '../../../src/access/graph/labels.ts';
import { layOut, nodeHeight } from '../../../src/access/graph/layout.ts';
import { toSvg } from '../../../src/access/graph/svg.ts';
import { toDot, toMermaid } from '../../../src/access/graph/text-formats.ts';
import { documentOf } from './access-fixture.ts';

function service(name: string, callers: readonly string[], more = ''): string {
  const rules = callers.map(
    (caller, at) =>
      `{ name: r${at}, from: ['${caller}'], methods: [GET], paths: [/${name}]${more} }`,
  );
  return `  - { name: ${name}, principals: [spiffe://prod/ns/a/sa/${name}], allow: [${rules.join(', ')}] }`;
}

const id = (name: string): string => `spiffe://prod/ns/a/sa/${name}`;

const chain = callGraphOf(
  documentOf(
    `version: 1\nservices:\n${[
      service('front', ['spiffe://edge/ns/x/*']),
      service('orders', [id('front'), 'spiffe://prod/ns/b/*'], ', limits: [slow], scopes: [x]'),
      service('stock', [id('orders')]),
      service('billing', [id('orders'), id('stock')]),
    ].join('\n')}\n`,
  ),
);

test('a caller that is a service is one node with it', () => {
  assert.deepEqual(
    chain.nodes.map(({ name, kind }) => `${kind} ${name}`),
    [
      ...['front', 'orders', 'stock', 'billing'].map((name) => `service ${name}`),
      'caller spiffe://edge/ns/x/*',
      'caller spiffe://prod/ns/b/*',
    ],
  );
  assert.deepEqual(
    chain.edges.find(({ from }) => from === 'front'),
    {
      from: 'front',
      to: 'orders',
      rules: [{ name: 'r0', calls: ['GET /orders'], conditions: ['scopes'], limits: ['slow'] }],
    },
  );
});

test('the subject of a token is not the service that has its name', () => {
  const yaml = `version: 1\nservices:\n${service('ci', [id('x')])}\n${service('orders', ['ci'])}\n`;
  const graph = callGraphOf(documentOf(yaml));
  assert.ok(graph.edges.some(({ from, to }) => from === 'subject ci' && to === 'orders'));
  assert.deepEqual(narrowed(graph, { from: 'ci' }).edges, []);
});

function callsIn(question: Parameters<typeof narrowed>[1]): string[] {
  return narrowed(chain, question).edges.map(({ from, to }) => `${from} ${to}`);
}

function waysFrom(from: string, to: string): string[] {
  return chainsBetween(chain, from, to).map((edges) => edges.map((edge) => edge.to).join(' '));
}

test('a principal may call what patterns that name it may', () => {
  assert.deepEqual(callsIn({ from: 'spiffe://prod/ns/b/sa/job' }), ['spiffe://prod/ns/b/* orders']);
  assert.deepEqual(callsIn({ from: id('orders') }), ['orders stock', 'orders billing']);
  assert.deepEqual(callsIn({ to: 'billing' }), ['orders billing', 'stock billing']);
  assert.deepEqual(callsIn({ from: 'stock', to: 'orders' }), []);
});

test('every way over services that call on is found, and circles end', () => {
  assert.deepEqual(waysFrom('front', 'billing'), ['orders billing', 'orders stock billing']);
  assert.deepEqual(waysFrom('billing', 'front'), []);
  const circle = callGraphOf(
    documentOf(`version: 1\nservices:\n${service('a', [id('b')])}\n${service('b', [id('a')])}\n`),
  );
  assert.deepEqual(chainsBetween(circle, 'a', 'b').length, 1);
  assert.match(toSvg(circle), /<\/svg>\n$/);
});

test('ways are found, or that there is none, where there are more than can be walked', () => {
  const names = Array.from({ length: 30 }, (_, at) => `s${at}`);
  const dense = names.map((name) =>
    service(name, [...names.filter((n) => n !== name), 'g'].map(id)),
  );
  const gate = service('g', [...names, 'start'].map(id));
  const others = [service('start', [id('nobody')]), service('end', [id('g')])];
  const yaml = ['version: 1', 'services:', ...dense, gate, ...others].join('\n');
  const graph = callGraphOf(documentOf(`${yaml}\n`));
  assert.deepEqual(
    chainsBetween(graph, 'start', 'end').map((edges) => edges.map(({ to }) => to)),
    [['g', 'end']],
  );
  assert.deepEqual(chainsBetween(graph, 's0', 'start'), []);
  assert.equal(chainsBetween(graph, 's0', 'end').length, 100);
});

test('what a rule for whoever is known lets in, everybody may call, also who is known by a host only', () => {
  const yaml = `version: 1
services:
  - { name: web, hosts: [web], allow: [{ name: r, from: ['${id('x')}'], paths: [/] }] }
${service('open', ['*'])}
`;
  const calls = narrowed(callGraphOf(documentOf(yaml)), { from: 'web' }).edges;
  assert.deepEqual(
    calls.map(({ to }) => to),
    ['open'],
  );
});

test('a service whose workloads a pattern names may call as each of them', () => {
  const yaml = `version: 1
services:
  - { name: batch, principals: ['spiffe://prod/ns/b/*'], allow: [{ name: r, from: ['${id('x')}'], paths: [/] }] }
${service('orders', ['spiffe://prod/ns/b/sa/job'])}
`;
  const graph = callGraphOf(documentOf(yaml));
  for (const from of ['batch', 'spiffe://prod/ns/b/*', 'spiffe://prod/ns/b/sa/job']) {
    assert.deepEqual(
      narrowed(graph, { from }).edges.map(({ to }) => to),
      ['orders'],
      from,
    );
  }
  assert.deepEqual(narrowed(graph, { from: 'spiffe://prod/ns/b/sa/other' }).edges, []);
});

/** Each service calls three of those after it. */
function meshOf(count: number): CallGraph {
  const names = Array.from({ length: count }, (_, at) => `s${at}`);
  const services = names.map((name, at) =>
    service(
      name,
      [...new Set([3, 7, 11].map((step) => at - step).filter((caller) => caller >= 0))].map(
        (caller) => id(`s${caller}`),
      ),
    ),
  );
  return callGraphOf(documentOf(`version: 1\nservices:\n${services.join('\n')}\n`));
}

test('boxes do not touch each other, callers stand left of what they call, and nothing is outside', () => {
  const graph = meshOf(50);
  const { nodes, edges, width, height } = layOut(graph);
  const at = new Map(nodes.map((placed) => [placed.node.name, placed]));
  for (const one of nodes) {
    assert.ok(one.x - one.width / 2 >= 0 && one.x + one.width / 2 <= width);
    assert.ok(one.y >= 0 && one.y <= height);
    for (const other of nodes) {
      if (one === other) continue;
      const apart =
        Math.abs(one.y - other.y) >= nodeHeight ||
        Math.abs(one.x - other.x) >= (one.width + other.width) / 2;
      assert.ok(apart, `${one.node.name} is on ${other.node.name}`);
    }
  }
  for (const { edge } of edges) assert.ok((at.get(edge.from)?.x ?? 0) < (at.get(edge.to)?.x ?? 0));
  assert.equal(toSvg(graph), toSvg(graph));
});

test('labels lie on no box and on no other label, and a small graph has all of them', () => {
  for (const graph of [chain, meshOf(40)]) {
    const { nodes, edges } = layOut(graph);
    const labels = placeLabels(edges, nodes);
    const rooms = [
      ...nodes.map(({ x, y, width }) => ({
        left: x - width / 2,
        right: x + width / 2,
        top: y - nodeHeight / 2,
        bottom: y + nodeHeight / 2,
      })),
      ...labels.map(({ text, ...place }) => rectangleOf(text, place)),
    ];
    for (const [at, room] of rooms.entries()) {
      assert.ok(!rooms.slice(at + 1).some((other) => overlap(room, other)));
    }
    assert.ok(labels.length >= edges.length / 2, `${labels.length} of ${edges.length}`);
  }
  const { nodes, edges } = layOut(chain);
  assert.equal(placeLabels(edges, nodes).length, edges.length);
});

test('a service that calls itself has a line that leaves its box and comes back, within the picture', () => {
  const yaml = `version: 1\nservices:\n${service('a', [id('a')])}\n${service('b', [id('a'), id('b')])}\n`;
  const { nodes, edges, width } = layOut(callGraphOf(documentOf(yaml)));
  const boxes = new Map(nodes.map((placed) => [placed.node.name, placed]));
  const loops = edges.filter(({ edge }) => edge.from === edge.to);
  assert.equal(loops.length, 2);
  for (const loop of loops) {
    const [first, ...others] = endsAtBoxes(loop, boxes);
    const last = others.pop();
    assert.ok(first !== undefined && last !== undefined);
    const { x = 0, y = 0, width: boxWidth = 0 } = boxes.get(loop.edge.from) ?? {};
    const right = x + boxWidth / 2;
    for (const end of [first, last]) {
      assert.ok(end.x === right && Math.abs(end.y - y) < nodeHeight / 2);
    }
    assert.ok(Math.abs(first.y - last.y) >= 16, 'there and back are apart');
    assert.ok(others.every((point) => point.x > right && point.x < width));
  }
});

test('calls of one caller pass by in one line', () => {
  const graph = callGraphOf(
    documentOf(
      `version: 1\nservices:\n${[
        service('a', [id('z')]),
        service('b', [id('a')]),
        ...['c', 'd', 'e', 'f'].map((name) => service(name, [id('a'), id('b')])),
      ].join('\n')}\n`,
    ),
  );
  const passing = layOut(graph).edges.filter(({ points }) => points.length === 3);
  assert.equal(passing.length, 4);
  assert.equal(new Set(passing.map(({ points }) => JSON.stringify(points[1]))).size, 1);
});

test('names of strangers are text in every format', () => {
  const hostile = '</svg><script>alert("x")</script>%%--\\';
  const yaml = `version: 1\nservices:\n  - { name: a, hosts: [h], allow: [{ name: r, from: [${JSON.stringify(hostile)}] }] }\n`;
  const graph = callGraphOf(documentOf(yaml));
  const svg = toSvg(graph);
  assert.doesNotMatch(svg, /<script/);
  assert.equal(svg.match(/<\/svg>/g)?.length, 1);
  assert.match(svg, /&#60;script&#62;/);
  assert.match(toDot(graph), /\\"x\\"/);
  assert.match(toDot(graph), /--\\\\" \[shape=oval\];/);
  assert.doesNotMatch(toMermaid(graph), /<script|%%/);
});
