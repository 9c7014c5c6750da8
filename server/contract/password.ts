import { z } from "zod";
import { COMMON_WORDS, KEY_ROWS } from "./common-passwords.ts";
import { LIMITS } from "./limits.ts";

/** Runs of at least this many neighboring keys are easy to guess. */
const RUN_MIN_LENGTH = 4;
/** Letters that must remain of a password after removing everything that an attacker tries first. */
const OWN_LETTERS_MIN = 4;
const DISTINCT_MIN = 5;
/** Shorter names are parts of too many words. */
const PERSONAL_MIN_LENGTH = 4;

const SUBSTITUTES: Readonly<Record<string, string>> = {
	...{ "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t" },
	...{ "@": "a", $: "s", "!": "i" },
};

export const newPasswordSchema = z
	.string()
	.min(
		LIMITS.passwordMinLength,
		`password must have at least ${LIMITS.passwordMinLength} characters`,
	)
	.max(
		LIMITS.passwordMaxLength,
		`password must have at most ${LIMITS.passwordMaxLength} characters`,
	);

/**
 * Why an attacker would guess the password early, as the end of a sentence that begins with "password"; null
 * if it is good. `personal` holds what others know about its owner, such as name and email address.
 */
export function findPasswordWeakness(
	password: string,
	personal: readonly string[] = [],
): string | null {
	const text = password.toLowerCase();
	if (new Set(text).size < DISTINCT_MIN) return "repeats a few characters; use more different ones";
	if (isRepetition(text)) return "repeats itself; use more words";
	if (ownLetters(text, KEY_ROWS.flatMap(runsOf), /[^\p{L}\d]/gu) < OWN_LETTERS_MIN) {
		return "follows the keyboard or the alphabet; use several unrelated words";
	}
	const known = [...COMMON_WORDS, ...personal.flatMap(partsOf)];
	const plain = [...text].map((character) => SUBSTITUTES[character] ?? character).join("");
	for (const form of [text, plain]) {
		if (ownLetters(form, known, /[^\p{L}]/gu) >= OWN_LETTERS_MIN) continue;
		return "is a common password, or your name, with little added; use several unrelated words";
	}
	return null;
}

function isRepetition(text: string): boolean {
	return (text + text).indexOf(text, 1) < text.length;
}

/** The number of characters that remain without the known pieces and the `ignored` ones. */
function ownLetters(text: string, pieces: readonly string[], ignored: RegExp): number {
	const longestFirst = [...pieces].sort((a, b) => b.length - a.length);
	let rest = text;
	for (const piece of longestFirst) rest = rest.replaceAll(piece, " ");
	return rest.replaceAll(ignored, "").length;
}

/** All runs of neighbors in a row, forwards and backwards. */
function runsOf(row: string): string[] {
	const both = [row, [...row].reverse().join("")];
	return both.flatMap((line) =>
		Array.from({ length: line.length - RUN_MIN_LENGTH + 1 }, (_, start) =>
			Array.from({ length: line.length - start - RUN_MIN_LENGTH + 1 }, (__, more) =>
				line.slice(start, start + RUN_MIN_LENGTH + more),
			),
		).flat(),
	);
}

function partsOf(text: string): string[] {
	return text
		.toLowerCase()
		.split(/[^\p{L}\d]+/u)
		.filter((part) => part.length >= PERSONAL_MIN_LENGTH);
}
