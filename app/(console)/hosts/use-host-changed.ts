"use client";

import { toast } from "@heroui/react";
import { useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../../_lib/trpc.ts";

/** After a change to a host: refetches what pages show, closes the dialog, and shows `words` as a toast. */
export function useHostChanged(onClose: () => void, words: string): () => Promise<void> {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	return async () => {
		await Promise.all([
			queryClient.invalidateQueries({ queryKey: trpc.hosts.list.queryKey() }),
			queryClient.invalidateQueries({ queryKey: trpc.overview.get.queryKey() }),
		]);
		toast.success(words);
		onClose();
	};
}
