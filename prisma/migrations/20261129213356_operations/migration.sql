-- CreateTable
CREATE TABLE "Operation" (
    "id" TEXT NOT NULL,
    "cacheId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "input" JSONB NOT NULL,
    "state" TEXT NOT NULL,
    "cursor" JSONB NOT NULL,
    "error" TEXT,
    "cancelAsked" BOOLEAN NOT NULL DEFAULT false,
    "startedAt" TIMESTAMP(3) NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "endedAt" TIMESTAMP(3),

    CONSTRAINT "Operation_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Operation_endedAt_idx" ON "Operation"("endedAt");

-- CreateIndex
CREATE UNIQUE INDEX "Operation_cacheId_key" ON "Operation"("cacheId") WHERE ("endedAt" IS NULL);

-- AddForeignKey
ALTER TABLE "Operation" ADD CONSTRAINT "Operation_cacheId_fkey" FOREIGN KEY ("cacheId") REFERENCES "Cache"("id") ON DELETE CASCADE ON UPDATE CASCADE;
