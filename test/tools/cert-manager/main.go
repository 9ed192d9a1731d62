// The controllers of cert-manager that issue by ACME over HTTP, as its own binary starts them, and the solver that it runs in pods. Its
// binaries are Go modules of their own that no registry has; its module has everything that they are made of, and its import path lets
// this program use what is internal to it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/klog/v2"

	_ "github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/ingresses"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"

	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/issuer/acme/http/solver"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

func main() {
	klog.InitFlags(nil)
	kubeconfig := flag.String("cluster", "", "kubeconfig: run the controllers")
	nameserver := flag.String("nameserver", "", "where the controllers look names up before they ask the CA to")
	one := solver.HTTP01Solver{}
	flag.IntVar(&one.ListenPort, "listen-port", 8089, "of the solver")
	flag.StringVar(&one.Domain, "domain", "", "the solver answers for")
	flag.StringVar(&one.Token, "token", "", "the solver answers to")
	flag.StringVar(&one.Key, "key", "", "the solver's answer")
	flag.Parse()

	log := klog.Background()
	var err error
	if *kubeconfig != "" {
		err = control(log, *kubeconfig, *nameserver)
	} else {
		err = one.Listen(log)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func control(log logr.Logger, kubeconfig string, nameserver string) error {
	ctx, stop := signal.NotifyContext(logf.NewContext(context.Background(), log), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	cpu, memory := resource.MustParse("10m"), resource.MustParse("64Mi")
	factory, err := controller.NewContextFactory(ctx, controller.ContextOptions{
		Kubeconfig:         kubeconfig,
		KubernetesAPIQPS:   50,
		KubernetesAPIBurst: 100,
		IssuerOptions:      controller.IssuerOptions{ClusterResourceNamespace: "cert-manager"},
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverImage:                 "acmesolver",
			HTTP01SolverResourceRequestCPU:    cpu,
			HTTP01SolverResourceRequestMemory: memory,
			HTTP01SolverResourceLimitsCPU:     cpu,
			HTTP01SolverResourceLimitsMemory:  memory,
			HTTP01SolverNameservers:           []string{nameserver},
			DNS01CheckRetryPeriod:             10 * time.Second,
		},
		IngressShimOptions: controller.IngressShimOptions{DefaultIssuerKind: "Issuer", DefaultIssuerGroup: "cert-manager.io"},
		CertificateOptions: controller.CertificateOptions{
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: 60},
	})
	if err != nil {
		return err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for _, build := range controller.Known() {
		one, err := build(factory)
		if err != nil {
			return err
		}
		group.Go(func() error { return one.Run(2, groupCtx) })
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	shared.SharedInformerFactory.Start(groupCtx.Done())
	shared.KubeSharedInformerFactory.Start(groupCtx.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(groupCtx.Done())
	fmt.Println("cert-manager runs")
	return group.Wait()
}
