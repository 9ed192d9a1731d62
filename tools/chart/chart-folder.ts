/** The Helm chart, from the repository's root. */
export const chartFolder = 'deploy/helm/smartproxy-ingress';
