"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ParameterGroup } from "../../../../server/contract/parameter-group.ts";
import { useTRPC } from "../../../_lib/trpc.ts";

/** Sets and resets values of a group; the answer replaces what the page shows. */
export function useGroupChange(name: string) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const onSuccess = (group: ParameterGroup) => {
		queryClient.setQueryData(trpc.parameterGroups.get.queryKey({ name }), group);
		void queryClient.invalidateQueries({ queryKey: trpc.parameterGroups.list.queryKey() });
	};
	return {
		modify: useMutation(trpc.parameterGroups.modify.mutationOptions({ onSuccess })),
		reset: useMutation(trpc.parameterGroups.reset.mutationOptions({ onSuccess })),
	};
}
