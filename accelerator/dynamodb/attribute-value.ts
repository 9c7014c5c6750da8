/** A value as DynamoDB's JSON has it, such as `{"S":"a"}`: an object with one member, named for the type. */
export type AttributeValue = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, AttributeValue>>;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isItem(value: unknown): value is Item {
	return isRecord(value) && Object.values(value).every(isRecord);
}

const NUMBER =
	/^[+-]?(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$|^[+-]?\.(\d+)(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * One text for each number, whatever its notation: its digits, and the power of ten of the last one. Null for what isn't
 * a number that DynamoDB takes.
 */
export function canonicalNumber(text: string): string | null {
	const trimmed = text.trim();
	const match = NUMBER.exec(trimmed);
	if (match === null) return null;
	const [, whole = "", fraction = "", power = "0", bareFraction, barePower = "0"] = match;
	const decimals = bareFraction ?? fraction;
	const exponent = Number(bareFraction === undefined ? power : barePower) - decimals.length;
	const digits = `${whole}${decimals}`.replace(/^0+/, "");
	const significant = digits.replace(/0+$/, "");
	if (significant === "") return "0";
	const sign = trimmed.startsWith("-") ? "-" : "";
	return `${sign}${significant}e${exponent + digits.length - significant.length}`;
}

/** A key attribute's value in one form for all equal values; null if it isn't of that type. */
export function canonicalKeyValue(value: unknown, type: string): string | null {
	if (!isRecord(value)) return null;
	const [name, ...others] = Object.keys(value);
	const text = value[type];
	if (name !== type || others.length > 0 || typeof text !== "string" || text === "") return null;
	if (type === "S") return text;
	if (type === "N") return canonicalNumber(text);
	return type === "B" ? canonicalBinary(text) : null;
}

function canonicalBinary(text: string): string | null {
	const canonical = Buffer.from(text, "base64").toString("base64");
	// Anything else than proper Base64 is for DynamoDB to judge.
	return canonical === text ? canonical : null;
}

/** Plain notation without an exponent, as DynamoDB writes numbers; so `1.0` and `1e2` are not. */
const WRITTEN_NUMBER = /^(0|-?[1-9]\d{0,37}|-?(0|[1-9]\d{0,18})\.\d{0,18}[1-9])$/;

/**
 * Whether a table certainly returns the item in the form in which it was sent. Numbers in another notation, and sets,
 * may come back differently.
 */
export function isStoredAsSent(item: Item): boolean {
	return Object.values(item).every(isValueStoredAsSent);
}

function isValueStoredAsSent(value: unknown): boolean {
	if (!isRecord(value)) return false;
	const [[type, content] = ["", null], ...others] = Object.entries(value);
	if (others.length > 0) return false;
	switch (type) {
		case "S":
		case "BOOL":
		case "NULL":
			return true;
		case "N":
			return typeof content === "string" && WRITTEN_NUMBER.test(content);
		case "B":
			return typeof content === "string" && canonicalBinary(content) !== null;
		case "L":
			return Array.isArray(content) && content.every(isValueStoredAsSent);
		case "M":
			return isRecord(content) && Object.values(content).every(isValueStoredAsSent);
		default:
			return false;
	}
}

/** An item's size by DynamoDB's rules, near enough for read units: names and values, with 3 bytes for a list or map. */
export function itemBytes(item: Item): number {
	let bytes = 0;
	for (const [name, value] of Object.entries(item))
		bytes += Buffer.byteLength(name) + valueBytes(value);
	return bytes;
}

function valueBytes(value: unknown): number {
	if (!isRecord(value)) return 0;
	const [[type, content] = ["", null]] = Object.entries(value);
	if (Array.isArray(content)) {
		const each =
			type === "L" ? (entry: unknown) => 1 + valueBytes(entry) : scalarBytes(type.charAt(0));
		return content.reduce<number>((sum, entry) => sum + each(entry), type === "L" ? 3 : 0);
	}
	if (type === "M" && isRecord(content)) {
		const entries = Object.entries(content);
		return entries.reduce(
			(sum, [name, entry]) => sum + 1 + Buffer.byteLength(name) + valueBytes(entry),
			3,
		);
	}
	return scalarBytes(type)(content);
}

function scalarBytes(type: string): (content: unknown) => number {
	return (content) => {
		if (typeof content !== "string") return 1;
		if (type === "N") return Math.ceil(content.length / 2) + 1;
		return type === "B" ? Math.floor((content.length * 3) / 4) : Buffer.byteLength(content);
	};
}

const READ_UNIT_BYTES = 4_096;

/** Halves of read units that an eventually consistent read of so many bytes costs. */
export function halfReadUnits(bytes: number): number {
	return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES));
}
