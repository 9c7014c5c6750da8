/**
 * How the console's pages query the API while the control plane renders them, in the same process. A query runs as the
 * person who opens the page, through the procedure that answers it over HTTP, and fails in the same way.
 */
export interface PageApi {
	readonly isSignedIn: boolean;
	/** Path and query of the page. */
	readonly url: string;
	query(path: string, input: unknown): Promise<unknown>;
}

/**
 * Where the control plane puts the API for the console's own bundle: on `globalThis`, as a function that returns
 * the one for the request being answered.
 */
const KEY = Symbol.for("larder.page-api");

export function offerPageApi(current: () => PageApi | undefined): void {
	Reflect.set(globalThis, KEY, current);
}

/** Undefined outside of the control plane, such as while the console is built. */
export function currentPageApi(): PageApi | undefined {
	const current: (() => PageApi | undefined) | undefined = Reflect.get(globalThis, KEY);
	return current?.();
}
