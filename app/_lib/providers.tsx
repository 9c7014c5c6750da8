"use client";

import { RouterProvider, Toast } from "@heroui/react";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { ThemeProvider } from "next-themes";
import { type ReactNode, useEffect, useState } from "react";
import { isTransient, toApiProblem } from "./api-problem.ts";
import { createApiClient, TRPCProvider } from "./trpc.ts";

const ME_QUERY_KEY = [["account", "me"]] as const;

function createQueryClient(): QueryClient {
	// The next call, whichever it is, notices that the session has ended. Asking again who is signed in then leads to
	// the login form (see SessionGate).
	const onError = (error: unknown) => {
		if (toApiProblem(error).code !== "unauthenticated") return;
		void client.invalidateQueries({
			queryKey: ME_QUERY_KEY,
			predicate: (query) => query.state.status === "success",
		});
	};
	const client = new QueryClient({
		queryCache: new QueryCache({ onError }),
		mutationCache: new MutationCache({ onError }),
		defaultOptions: {
			queries: {
				staleTime: 1_000,
				retry: (failures, error) => isTransient(error) && failures < 2,
				retryDelay: (failures) => Math.min(2_000, 300 * 2 ** failures),
				networkMode: "always",
			},
			mutations: { networkMode: "always" },
		},
	});
	return client;
}

/** What every page needs: data, theme, client-side navigation and notifications. */
export function Providers({ children }: { children: ReactNode }) {
	const router = useRouter();
	const [queryClient] = useState(createQueryClient);
	const [apiClient] = useState(createApiClient);
	useEffect(() => {
		// Tests wait for it: a page that the control plane has rendered looks ready before it reacts to keys and clicks.
		document.documentElement.dataset.hears = "";
	}, []);
	return (
		<ThemeProvider
			attribute={["class", "data-theme"]}
			defaultTheme="system"
			enableSystem
			disableTransitionOnChange
			storageKey="larder.theme"
		>
			<QueryClientProvider client={queryClient}>
				<TRPCProvider trpcClient={apiClient} queryClient={queryClient}>
					<RouterProvider navigate={(path) => router.push(path)}>{children}</RouterProvider>
					<Toast.Provider placement="bottom end" />
				</TRPCProvider>
			</QueryClientProvider>
		</ThemeProvider>
	);
}
