/** An engine isn't available on this machine. The message says what is missing and what to do. */
export class EngineUnavailableError extends Error {
	constructor(message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = "EngineUnavailableError";
	}
}
