import type { JsonObject } from '../domain/json.ts';
import type { AdminAnswer } from './answers.ts';
import { answerOf, type OperationOutcome } from './operation-outcome.ts';
import type { Answer, Route } from './route.ts';

/** The endpoints of `GrantOperations`, which docs/admin.md documents. */
export const grantRoutes: readonly Route[] = [
  { path: '/v1/grants', method: 'GET', access: 'local', answer: list },
  { path: '/v1/grants', method: 'POST', access: 'token', takesBody: true, answer: add },
  {
    path: '/v1/grants/{name}/approve',
    method: 'POST',
    access: 'token',
    takesBody: true,
    answer: approve,
  },
  {
    path: '/v1/grants/{name}/revoke',
    method: 'POST',
    access: 'token',
    takesBody: true,
    answer: revoke,
  },
];

function list(...[{ grants }]: Parameters<Answer>): AdminAnswer {
  return answerOf(grants.list(), (all) => ({ grants: all }));
}

async function add(...[{ grants }, { body, peer }]: Parameters<Answer>) {
  return documentOf(await grants.add(body, peer));
}

async function approve(...[{ grants }, { name, body, peer }]: Parameters<Answer>) {
  return documentOf(await grants.approve(name, body, peer));
}

async function revoke(...[{ grants }, { name, body, peer }]: Parameters<Answer>) {
  return documentOf(await grants.revoke(name, body, peer));
}

function documentOf(outcome: OperationOutcome<JsonObject>): AdminAnswer {
  return answerOf(outcome, (document) => document);
}
