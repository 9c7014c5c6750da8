/**
 * How the console's pages ask the API while the control plane renders them, which is in one process: a query is asked as
 * the one who opens the page, through the procedure that answers it over HTTP, and rejects as that would.
 */
export interface PageApi {
	readonly isSignedIn: boolean;
	/** Path and query of the page. */
	readonly url: string;
	query(path: string, input: unknown): Promise<unknown>;
}

/** Where the control plane puts it for the console's own bundle: on `globalThis`, as what gives the API of the request that is being answered. */
const KEY = Symbol.for("larder.page-api");

export function offerPageApi(current: () => PageApi | undefined): void {
	Reflect.set(globalThis, KEY, current);
}

/** Undefined outside of the control plane, such as while the console is built. */
export function currentPageApi(): PageApi | undefined {
	const current: (() => PageApi | undefined) | undefined = Reflect.get(globalThis, KEY);
	return current?.();
}
