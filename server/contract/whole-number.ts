import { z } from "zod";

/** A schema for whole numbers in a range. Its errors name the field. */
export function wholeNumber(name: string, min: number, max: number) {
	const range = `${name} must be ${min} to ${max}`;
	return z.int(`${name} must be a whole number`).min(min, range).max(max, range);
}
