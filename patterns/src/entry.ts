import { randomBytes } from "node:crypto";

/**
 * What a key of the cache holds. One letter says which:
 *
 *   V  a value                    V<id><fresh until><load time><ids of tags>|<value>
 *   N  "the database has none"    the same, without a value
 *   L  a lease: its holder is loading the value, and may replace the lease by it     L<id>.
 *   W  one writer is changing the database, and may replace this by the value        W<id>.
 *   X  several writers, or a change from elsewhere meanwhile: nobody knows which value the database ends with, so
 *      the last of them removes this                                                 X<id><id>….
 *   T  the version of a tag                                                          T<id>.
 *
 * Anything else was put there by someone else, and is overwritten.
 */
export type Content = Value | Mark | Foreign;

export interface Value {
	readonly kind: "value" | "none";
	/** Begins this content and no other. */
	readonly prefix: string;
	/** Until when it may be served without asking the database. Milliseconds since 1970. */
	readonly freshUntil: number;
	/** How long the database took. Milliseconds. */
	readonly loadMs: number;
	/** The versions that its tags had when it was loaded. */
	readonly tagIds: string;
	readonly text: string;
}

export interface Mark {
	readonly kind: "lease" | "writing";
	readonly prefix: string;
	/** Of the loader, or of the writers. */
	readonly ids: readonly string[];
}

export interface Foreign {
	readonly kind: "foreign";
	readonly prefix: string;
}

const TIME_DIGITS = 8;
const LOAD_DIGITS = 4;
const MAX_LOAD_MS = 36 ** LOAD_DIGITS - 1;
const NONCE_LENGTH = 12;
const ID_LENGTH = TIME_DIGITS + NONCE_LENGTH;
const FRESH_AT = 1 + ID_LENGTH;
const LOAD_AT = FRESH_AT + TIME_DIGITS;
const TAGS_AT = LOAD_AT + LOAD_DIGITS;

const nonce = randomBytes(4).toString("hex");
let counter = 0;

/** An id that no other process has given; begins with the time. */
export function newId(nowMs: number): string {
	counter = (counter + 1) % 36 ** 4;
	return digits(nowMs, TIME_DIGITS) + nonce + digits(counter, 4);
}

/** When an id was given. Milliseconds since 1970. */
export function timeOf(id: string): number {
	return Number.parseInt(id.slice(0, TIME_DIGITS), 36);
}

export function writeValue(
	value: Pick<Value, "freshUntil" | "loadMs" | "tagIds"> & { id: string; text: string | null },
): string {
	const kind = value.text === null ? "N" : "V";
	const fresh = digits(value.freshUntil, TIME_DIGITS);
	const load = digits(Math.min(value.loadMs, MAX_LOAD_MS), LOAD_DIGITS);
	return `${kind}${value.id}${fresh}${load}${value.tagIds}|${value.text ?? ""}`;
}

export function writeLease(id: string): string {
	return `L${id}.`;
}

export function writeTag(id: string): string {
	return `T${id}.`;
}

/** null if no writer is left. */
export function writeWriters(ids: readonly string[], kind: "alone" | "several"): string | null {
	return ids.length === 0 ? null : `${kind === "alone" ? "W" : "X"}${ids.join("")}.`;
}

/** What the content of a key means. */
export function readContent(raw: string): Content {
	switch (raw.charCodeAt(0)) {
		case 86:
			return readValue(raw, "value");
		case 78:
			return readValue(raw, "none");
		case 76:
			return readMark(raw, "lease");
		case 87:
		case 88:
			return readMark(raw, "writing");
		default:
			return { kind: "foreign", prefix: raw };
	}
}

/** The version of a tag as `tagIds` has it; null if the content is no tag's. */
export function readTag(raw: string | null): string | null {
	return raw?.length === ID_LENGTH + 2 && raw.startsWith("T") ? raw.slice(1, -1) : null;
}

function readValue(raw: string, kind: "value" | "none"): Content {
	const end = raw.indexOf("|", TAGS_AT);
	const freshUntil = Number.parseInt(raw.slice(FRESH_AT, LOAD_AT), 36);
	if (end === -1 || Number.isNaN(freshUntil)) return { kind: "foreign", prefix: raw };
	return {
		kind,
		prefix: raw.slice(0, FRESH_AT),
		freshUntil,
		loadMs: Number.parseInt(raw.slice(LOAD_AT, TAGS_AT), 36),
		tagIds: raw.slice(TAGS_AT, end),
		text: raw.slice(end + 1),
	};
}

function readMark(raw: string, kind: "lease" | "writing"): Content {
	const ids = [];
	for (let at = 1; at + ID_LENGTH < raw.length; at += ID_LENGTH) {
		ids.push(raw.slice(at, at + ID_LENGTH));
	}
	const isWhole = raw.endsWith(".") && raw.length === 2 + ids.length * ID_LENGTH;
	return isWhole && ids.length > 0 ? { kind, prefix: raw, ids } : { kind: "foreign", prefix: raw };
}

function digits(value: number, length: number): string {
	return Math.max(0, Math.round(value)).toString(36).padStart(length, "0");
}
