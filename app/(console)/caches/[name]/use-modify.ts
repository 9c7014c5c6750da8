"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ModifyCacheInput } from "../../../../server/contract/modify-cache.ts";
import { noteChange } from "../../../_lib/fresh-changes.ts";
import { randomId } from "../../../_lib/random-id.ts";
import { useTRPC, useTRPCClient } from "../../../_lib/trpc.ts";

/** Sends a change and puts the answer where the page reads it. */
export function useModify(name: string, onDone?: () => void) {
	const trpc = useTRPC();
	const client = useTRPCClient();
	const queryClient = useQueryClient();
	return useMutation({
		mutationFn: (changes: Omit<ModifyCacheInput, "name">) =>
			client.caches.modify.mutate(
				{ ...changes, name },
				{ context: { idempotencyKey: randomId() } },
			),
		onSuccess: (cache) => {
			noteChange(name);
			queryClient.setQueryData(trpc.caches.get.queryKey({ name }), cache);
			void queryClient.invalidateQueries({ queryKey: trpc.caches.list.queryKey() });
			void queryClient.invalidateQueries({ queryKey: trpc.parameterGroups.list.queryKey() });
			onDone?.();
		},
	});
}
