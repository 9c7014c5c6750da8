/** Deeper than any input of the API, and shallow enough for any code that walks it. */
const DEPTH_MAX = 32;

export interface Unstorable {
	/** Dotted path of the invalid value; empty for the input itself. */
	field: string;
	message: string;
}

/**
 * The first value of decoded input that can't be stored or returned unchanged, or null. Every door applies this one
 * rule: PostgreSQL can't store NUL, UTF-8 can't encode half of a surrogate pair, and a number beyond 2^53 may not be
 * the number that was sent. A field's own range is up to its schema.
 */
export function findUnstorable(input: unknown): Unstorable | null {
	return isStorable(input, 0) ? null : locateUnstorable(input);
}

/** Hardly any input has such a value, so none pays for paths. */
function isStorable(value: unknown, depth: number): boolean {
	if (problemOf(value, depth) !== null) return false;
	if (typeof value !== "object" || value === null) return true;
	if (Array.isArray(value)) return value.every((inner) => isStorable(inner, depth + 1));
	return Object.entries(value).every(
		([key, inner]) => textProblem(key) === null && isStorable(inner, depth + 1),
	);
}

function locateUnstorable(input: unknown): Unstorable | null {
	const waiting: { value: unknown; path: string; depth: number }[] = [
		{ value: input, path: "", depth: 0 },
	];
	for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
		const { value, path, depth } = next;
		const problem = problemOf(value, depth);
		if (problem !== null) {
			return { field: path, message: path === "" ? `the input ${problem}` : `${path} ${problem}` };
		}
		if (typeof value !== "object" || value === null) continue;
		for (const [key, inner] of Object.entries(value).reverse()) {
			const keyProblem = textProblem(key);
			if (keyProblem !== null) return { field: path, message: `a field's name ${keyProblem}` };
			waiting.push({
				value: inner,
				path: path === "" ? key : `${path}.${key}`,
				depth: depth + 1,
			});
		}
	}
	return null;
}

function problemOf(value: unknown, depth: number): string | null {
	if (typeof value === "string") return textProblem(value);
	if (typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
		return "must be a number between -2^53 and 2^53";
	}
	return depth > DEPTH_MAX ? `can't be nested deeper than ${DEPTH_MAX} levels` : null;
}

function textProblem(text: string): string | null {
	if (text.includes("\0")) return "can't hold the character NUL (U+0000)";
	return HALF_PAIR.test(text) ? "can't hold half of a surrogate pair (U+D800 to U+DFFF)" : null;
}

const HALF_PAIR = /\p{Surrogate}/u;
const CONTROL_CHARACTERS = /[^\P{Cc}\n\t]|\p{Surrogate}/gu;

/**
 * Text of another program, such as a line of an engine's log, with U+FFFD for characters that can't be stored
 * or shown.
 */
export function cleanText(text: string): string {
	return text.replace(CONTROL_CHARACTERS, "\uFFFD");
}
