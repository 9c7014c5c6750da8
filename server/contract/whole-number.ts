import { z } from "zod";

/** Whole numbers of a range, refused with the field's name. */
export function wholeNumber(name: string, min: number, max: number) {
	const range = `${name} must be ${min} to ${max}`;
	return z.int(`${name} must be a whole number`).min(min, range).max(max, range);
}
