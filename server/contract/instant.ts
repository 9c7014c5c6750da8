import { z } from "zod";

/** The start of a clock that was never set: such a host may still report. PostgreSQL has no year 0. */
const YEAR_FIRST = 1970;

/**
 * An ISO 8601 time that the database can hold. The receiver decides whether it is too far from now to be
 * true.
 */
export const instantSchema = z.iso
	.datetime()
	.refine(
		(text) => new Date(text).getUTCFullYear() >= YEAR_FIRST,
		`the year must be ${YEAR_FIRST} or later`,
	);
