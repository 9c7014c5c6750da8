/** A stage can't succeed: `message` says what is missing, `remedy` how to get it, `output` what the program printed. */
export class StageError extends Error {
	constructor(message, { remedy = "", output = "" } = {}) {
		super(message);
		this.name = "StageError";
		this.remedy = remedy;
		this.output = output;
	}
}
