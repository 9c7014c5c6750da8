"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useCallback } from "react";

/** Ends the session and forgets what was loaded in it. */
export function useSignOut(): () => Promise<void> {
	const router = useRouter();
	const queryClient = useQueryClient();
	return useCallback(async () => {
		const { authClient } = await import("./auth-client.ts");
		await authClient.signOut();
		router.replace("/login");
		queryClient.clear();
	}, [router, queryClient]);
}
