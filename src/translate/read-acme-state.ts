import type { Secret } from '../api/objects.ts';
import { Redacted } from '../redacted.ts';
import {
  type AcmeChallenge,
  type AcmeFailure,
  type AcmeIssued,
  type AcmeOrder,
  type AcmeRenewal,
  type AcmeState,
  acmeStateType,
  challengeTypes,
  type LeftRecord,
  type LeftRecords,
  noAcmeState,
  type RecordPlace,
} from './acme-state.ts';
import { secretText } from './read-certificate.ts';
import { type Fields, fieldsOf, itemsOf, jsonOf, textOf } from './unknown-input.ts';

/** The last time that a Date has. */
const lastTimeMs = 8.64e15;

/** The state in a Secret. Whatever of it can't be read, because somebody else wrote there, is as if it had never been. */
export function readAcmeState(secret: Secret | undefined): AcmeState {
  if (secret?.type !== acmeStateType) return noAcmeState;
  const { order, issued, renewal, lastAttemptMs, failure, left } = stateFields(secret);
  return {
    order: readOrder(order, secretText(secret, 'tls.key')),
    issued: readIssued(issued),
    renewal: readRenewal(renewal),
    lastAttemptMs: timeOf(lastAttemptMs),
    failure: readFailure(failure),
    left: readLeft(left),
  };
}

/** `namespace/name` of the Secret whose certificate a state is about; undefined: it can't be read. */
export function acmeStateOwner(state: Secret): string | undefined {
  return textOf(stateFields(state).secret);
}

function stateFields(secret: Secret): Fields {
  return fieldsOf(jsonOf(Buffer.from(secretText(secret, 'state.json') ?? '', 'latin1').toString()));
}

function readOrder(value: unknown, key: string | undefined): AcmeOrder | undefined {
  const { url, issuer, directory, names, challenges } = fieldsOf(value);
  const [issuerName, from, ordered] = [textOf(issuer), textOf(directory), textsOf(names)];
  if (issuerName === undefined || from === undefined || ordered.length === 0 || key === undefined) return undefined;
  return {
    url: textOf(url),
    issuer: issuerName,
    directory: from,
    names: ordered,
    privateKey: new Redacted(key),
    challenges: itemsOf(challenges).flatMap((item) => readChallenge(fieldsOf(item)) ?? []),
  };
}

function readChallenge(fields: Fields): AcmeChallenge | undefined {
  const type = challengeTypes.find((known) => known === fields.type);
  const [name, token, keyAuthorization] = [textOf(fields.name), textOf(fields.token), textOf(fields.keyAuthorization)];
  if (type === undefined || name === undefined || token === undefined || keyAuthorization === undefined) return undefined;
  const [certificate, place] = [textOf(fields.certificate), readPlace(fields.place)];
  return { type, name, token, keyAuthorization, ...(certificate !== undefined && { certificate }), ...(place && { place }) };
}

function readPlace(value: unknown): RecordPlace | undefined {
  const fields = fieldsOf(value);
  const [name, zone] = [textOf(fields.name), textOf(fields.zone)];
  return name === undefined || zone === undefined ? undefined : { name, zone };
}

function readIssued(value: unknown): AcmeIssued | undefined {
  const fields = fieldsOf(value);
  const [fingerprint, names, atMs] = [textOf(fields.fingerprint), textsOf(fields.names), timeOf(fields.atMs)];
  return fingerprint === undefined || names.length === 0 || atMs === undefined ? undefined : { fingerprint, names, atMs };
}

function readRenewal(value: unknown): AcmeRenewal | undefined {
  const fields = fieldsOf(value);
  const [fingerprint, atMs, checkMs] = [textOf(fields.fingerprint), timeOf(fields.atMs), timeOf(fields.checkMs)];
  return fingerprint === undefined || atMs === undefined || checkMs === undefined ? undefined : { fingerprint, atMs, checkMs };
}

function readFailure(value: unknown): AcmeFailure | undefined {
  const fields = fieldsOf(value);
  const { message } = fields;
  const nextAttemptMs = timeOf(fields.nextAttemptMs);
  if (typeof message !== 'string' || nextAttemptMs === undefined) return undefined;
  const of = textOf(fields.of);
  return { count: countOf(fields.count), ...(of !== undefined && { of }), message, nextAttemptMs };
}

function readLeft(value: unknown): LeftRecords | undefined {
  const fields = fieldsOf(value);
  const nextAttemptMs = timeOf(fields.nextAttemptMs);
  const records = itemsOf(fields.records).flatMap((item) => readRecord(fieldsOf(item)) ?? []);
  return nextAttemptMs === undefined || records.length === 0 ? undefined : { records, nextAttemptMs };
}

function readRecord(fields: Fields): LeftRecord | undefined {
  const [issuer, name, value] = [textOf(fields.issuer), textOf(fields.name), textOf(fields.value)];
  if (issuer === undefined || name === undefined || value === undefined) return undefined;
  const place = readPlace(fields.place);
  return { issuer, name, value, tries: countOf(fields.tries), ...(place && { place }) };
}

function textsOf(value: unknown): readonly string[] {
  return itemsOf(value).filter((item) => typeof item === 'string');
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : 0;
}

/** Milliseconds since 1970 that a Date can have, or undefined. */
function timeOf(value: unknown): number | undefined {
  return typeof value === 'number' && Math.abs(value) <= lastTimeMs ? value : undefined;
}
