/**
 * away        it can't be reached, or doesn't work at the moment
 * full        it has no room
 * incomplete  the source ended early; what was received is kept
 * refused     it doesn't accept its settings, such as a bucket's name or credentials
 * missing     there is no such object
 * damaged     the content isn't what it should be
 * conflict    another put of the same object is under way, or the offset isn't where the store is
 */
export type StoreFault =
	| "away"
	| "full"
	| "incomplete"
	| "refused"
	| "missing"
	| "damaged"
	| "conflict";

const MAY_WORK_LATER: readonly StoreFault[] = ["away", "full", "incomplete"];

/** The message says what happened and what to do. */
export class StoreError extends Error {
	readonly fault: StoreFault;
	/** Of a conflict: bytes that the store holds of the unfinished put. */
	readonly received: number | undefined;

	constructor(
		fault: StoreFault,
		message: string,
		options: { cause?: unknown; received?: number } = {},
	) {
		super(message, { cause: options.cause });
		this.name = "StoreError";
		this.fault = fault;
		this.received = options.received;
	}

	/** Whether the same call may succeed later. */
	get retry(): boolean {
		return MAY_WORK_LATER.includes(this.fault);
	}
}
