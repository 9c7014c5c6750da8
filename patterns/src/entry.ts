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

/** Parts of it are read when they are asked for: most reads want the text alone. */
export class Value {
	readonly kind: "value" | "none";
	/** Until when it may be served without asking the database. Milliseconds since 1970. */
	readonly freshUntil: number;
	private readonly raw: string;
	private readonly tagsEnd: number;

	constructor(kind: "value" | "none", raw: string, tagsEnd: number) {
		this.kind = kind;
		this.raw = raw;
		this.tagsEnd = tagsEnd;
		this.freshUntil = readDigits(raw, FRESH_AT, LOAD_AT);
	}

	/** Begins this content and no other. */
	get prefix(): string {
		return this.raw.slice(0, FRESH_AT);
	}

	/** How long the database took. Milliseconds. */
	get loadMs(): number {
		return readDigits(this.raw, LOAD_AT, TAGS_AT);
	}

	/** The versions that its tags had when it was loaded. */
	get tagIds(): string {
		return this.raw.slice(TAGS_AT, this.tagsEnd);
	}

	get text(): string {
		return this.raw.slice(this.tagsEnd + 1);
	}
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
	value: { id: string; text: string | null } & Pick<Value, "freshUntil" | "loadMs" | "tagIds">,
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
	if (end === -1) return { kind: "foreign", prefix: raw };
	const value = new Value(kind, raw, end);
	return Number.isNaN(value.freshUntil) ? { kind: "foreign", prefix: raw } : value;
}

/** A number of base 36; NaN if it is none. */
function readDigits(raw: string, from: number, to: number): number {
	let number = 0;
	for (let at = from; at < to; at += 1) {
		const code = raw.charCodeAt(at);
		if (code >= 48 && code <= 57) number = number * 36 + code - 48;
		else if (code >= 97 && code <= 122) number = number * 36 + code - 87;
		else return Number.NaN;
	}
	return number;
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
