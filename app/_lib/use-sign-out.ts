"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useCallback } from "react";
import { authClient } from "./auth-client.ts";

/** Ends the session and forgets what was loaded in it. */
export function useSignOut(): () => Promise<void> {
	const router = useRouter();
	const queryClient = useQueryClient();
	return useCallback(async () => {
		await authClient.signOut();
		router.replace("/login");
		queryClient.clear();
	}, [router, queryClient]);
}
