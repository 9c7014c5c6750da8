import { createTRPCClient, httpBatchLink, httpLink, splitLink } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import type { AppRouter } from "../../server/api/trpc/router.ts";
import { fetchWithTime } from "./server-clock.ts";

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

const fetchOf = (url: RequestInfo | URL | string, options?: unknown) =>
	fetchWithTime(url, options as RequestInit);

function idempotencyKeyOf(context: Record<string, unknown>): string | undefined {
	const key = context.idempotencyKey;
	return typeof key === "string" ? key : undefined;
}

/** The most calls that the server takes in a batch. */
const BATCH_MAX = 20;

/**
 * Same-origin client. Queries made at the same moment travel together. A mutation travels alone, with its
 * `context.idempotencyKey` as the `Idempotency-Key` header, which belongs to one request.
 */
export function createApiClient() {
	return createTRPCClient<AppRouter>({
		links: [
			splitLink({
				condition: (op) => op.type === "mutation",
				true: httpLink({
					url: "/api/trpc",
					fetch: fetchOf,
					headers: ({ op }) => {
						const key = idempotencyKeyOf(op.context);
						return key === undefined ? {} : { "Idempotency-Key": key };
					},
				}),
				false: httpBatchLink({ url: "/api/trpc", maxItems: BATCH_MAX, fetch: fetchOf }),
			}),
		],
	});
}
