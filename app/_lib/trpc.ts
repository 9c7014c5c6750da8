import { createTRPCClient, httpBatchLink } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import type { AppRouter } from "../../server/api/trpc/router.ts";

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

function idempotencyKeyOf(context: Record<string, unknown>): string | undefined {
	const key = context.idempotencyKey;
	return typeof key === "string" ? key : undefined;
}

/** Same-origin client; a mutation's `context.idempotencyKey` travels as the `Idempotency-Key` header. */
export function createApiClient() {
	return createTRPCClient<AppRouter>({
		links: [
			httpBatchLink({
				url: "/api/trpc",
				headers: ({ opList }) => {
					const key = opList.map((op) => idempotencyKeyOf(op.context)).find(Boolean);
					return key === undefined ? {} : { "Idempotency-Key": key };
				},
			}),
		],
	});
}
