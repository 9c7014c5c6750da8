"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../../_lib/trpc.ts";

/** Reads stores and backups again wherever they are shown. */
export function useStoresChanged() {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	return () => {
		void queryClient.invalidateQueries({ queryKey: trpc.stores.pathKey() });
		void queryClient.invalidateQueries({ queryKey: trpc.controlPlane.pathKey() });
	};
}
