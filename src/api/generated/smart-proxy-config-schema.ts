// Made from crds/smartproxy.dev_smartproxyconfigs.yaml by "npm run generate"; edit that file.
import type { Schema } from '../schema.ts';

/** What `spec` may hold. */
export const smartProxyConfigSchema: Schema = {
  "type": "object",
  "properties": {
    "listeners": {
      "type": "array",
      "maxItems": 32,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": [
        "name"
      ],
      "x-kubernetes-validations": [
        {
          "rule": "self.all(a, self.exists_one(b, a.port == b.port && (a.protocol == 'UDP') == (b.protocol == 'UDP')))",
          "message": "a port has one listener, and one of UDP beside it"
        }
      ],
      "items": {
        "type": "object",
        "required": [
          "name",
          "port",
          "protocol"
        ],
        "x-kubernetes-validations": [
          {
            "rule": "(self.name != 'http' || self.protocol == 'HTTP') && (self.name != 'https' || self.protocol == 'HTTPS')",
            "message": "the listeners http and https have the protocol of that name"
          },
          {
            "rule": "self.protocol != 'UDP' || !has(self.proxyProtocol)",
            "message": "a UDP listener has no PROXY protocol"
          }
        ],
        "properties": {
          "name": {
            "type": "string",
            "minLength": 1,
            "maxLength": 63,
            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
          },
          "port": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65535
          },
          "publishedPort": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65535
          },
          "protocol": {
            "type": "string",
            "enum": [
              "HTTP",
              "HTTPS",
              "TCP",
              "UDP"
            ]
          },
          "namespaces": {
            "type": "array",
            "maxItems": 64,
            "x-kubernetes-list-type": "set",
            "items": {
              "type": "string",
              "minLength": 1,
              "maxLength": 63,
              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
            }
          },
          "proxyProtocol": {
            "type": "object",
            "required": [
              "from"
            ],
            "properties": {
              "from": {
                "type": "array",
                "maxItems": 64,
                "x-kubernetes-list-type": "set",
                "items": {
                  "type": "string",
                  "minLength": 2,
                  "maxLength": 49,
                  "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
                }
              }
            }
          }
        }
      }
    },
    "trustedProxies": {
      "type": "array",
      "maxItems": 256,
      "x-kubernetes-list-type": "set",
      "items": {
        "type": "string",
        "minLength": 2,
        "maxLength": 49,
        "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
      }
    },
    "drain": {
      "type": "object",
      "properties": {
        "delay": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) <= duration('596h')",
              "message": "a time of at most 596h"
            }
          ]
        },
        "timeout": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) <= duration('596h')",
              "message": "a time of at most 596h"
            }
          ]
        }
      }
    },
    "limits": {
      "type": "object",
      "properties": {
        "maxConnections": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "maxConnectionsPerAddress": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "connectionRate": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "maxUdpSessions": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "maxHandshakes": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "maxConnectionLifetime": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) <= duration('596h')",
              "message": "a time of at most 596h"
            }
          ]
        },
        "keepAliveRequests": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "timeouts": {
          "type": "object",
          "properties": {
            "firstByte": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('596h')",
                  "message": "a time from 100ms to 596h"
                }
              ]
            },
            "handshake": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('596h')",
                  "message": "a time from 100ms to 596h"
                }
              ]
            },
            "header": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('596h')",
                  "message": "a time from 100ms to 596h"
                }
              ]
            },
            "body": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('596h')",
                  "message": "a time from 100ms to 596h"
                }
              ]
            },
            "keepAlive": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('596h')",
                  "message": "a time from 100ms to 596h"
                }
              ]
            }
          }
        },
        "clients": {
          "type": "object",
          "properties": {
            "allow": {
              "type": "array",
              "maxItems": 256,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 2,
                "maxLength": 49,
                "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
              }
            },
            "deny": {
              "type": "array",
              "maxItems": 256,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 2,
                "maxLength": 49,
                "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
              }
            }
          }
        }
      }
    },
    "tls": {
      "type": "object",
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.profile) || self.profile != \"Modern\" || !has(self.minVersion) || self.minVersion == \"TLSv1.3\"",
          "message": "the profile Modern speaks TLS 1.3 alone"
        }
      ],
      "properties": {
        "profile": {
          "type": "string",
          "enum": [
            "Intermediate",
            "Modern"
          ]
        },
        "minVersion": {
          "type": "string",
          "enum": [
            "TLSv1.2",
            "TLSv1.3"
          ]
        },
        "ticketKeyRotation": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) == duration('0s') || (duration(self) >= duration('1m') && duration(self) <= duration('596h'))",
              "message": "a time from 1m to 596h, or 0s"
            }
          ]
        }
      }
    },
    "accessLog": {
      "type": "object",
      "properties": {
        "mode": {
          "type": "string",
          "enum": [
            "Off",
            "All",
            "Errors"
          ]
        },
        "format": {
          "type": "string",
          "enum": [
            "JSON",
            "IngressNginx"
          ]
        }
      }
    },
    "hostClaims": {
      "type": "array",
      "maxItems": 128,
      "items": {
        "type": "object",
        "required": [
          "hosts",
          "namespaces"
        ],
        "properties": {
          "hosts": {
            "type": "array",
            "minItems": 1,
            "maxItems": 64,
            "x-kubernetes-list-type": "set",
            "items": {
              "type": "string",
              "minLength": 1,
              "maxLength": 253,
              "pattern": "^(\\*\\*?\\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"
            }
          },
          "namespaces": {
            "type": "array",
            "maxItems": 64,
            "x-kubernetes-list-type": "set",
            "items": {
              "type": "string",
              "minLength": 1,
              "maxLength": 63,
              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
            }
          }
        }
      }
    },
    "unclaimedHosts": {
      "type": "string",
      "enum": [
        "Shared",
        "Oldest"
      ]
    },
    "acme": {
      "type": "object",
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.defaultIssuer) || (has(self.issuers) && self.issuers.exists(i, i.name == self.defaultIssuer))",
          "message": "the default issuer is one of the issuers"
        }
      ],
      "properties": {
        "defaultIssuer": {
          "type": "string",
          "minLength": 1,
          "maxLength": 63,
          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
        },
        "issuers": {
          "type": "array",
          "maxItems": 16,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "name"
          ],
          "items": {
            "type": "object",
            "required": [
              "name",
              "directory"
            ],
            "x-kubernetes-validations": [
              {
                "rule": "!has(self.challenge) || self.challenge != \"dns-01\" || has(self.dns)",
                "message": "dns-01 takes a provider of DNS"
              }
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              },
              "directory": {
                "type": "string",
                "minLength": 9,
                "maxLength": 1024,
                "pattern": "^https://[!-~]+$"
              },
              "caRef": {
                "type": "object",
                "required": [
                  "name"
                ],
                "properties": {
                  "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 253,
                    "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                  }
                }
              },
              "email": {
                "type": "string",
                "minLength": 3,
                "maxLength": 254,
                "pattern": "^[!-?A-~]+@[!-?A-~]+$"
              },
              "externalAccountBinding": {
                "type": "object",
                "required": [
                  "keyId",
                  "secretRef"
                ],
                "properties": {
                  "keyId": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 1024,
                    "pattern": "^[!-~]+$"
                  },
                  "secretRef": {
                    "type": "object",
                    "required": [
                      "name"
                    ],
                    "properties": {
                      "name": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 253,
                        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                      }
                    }
                  }
                }
              },
              "preferredChain": {
                "type": "string",
                "minLength": 1,
                "maxLength": 64
              },
              "profile": {
                "type": "string",
                "minLength": 1,
                "maxLength": 64,
                "pattern": "^[!-~]+$"
              },
              "keyType": {
                "type": "string",
                "enum": [
                  "ECDSA",
                  "RSA"
                ]
              },
              "challenge": {
                "type": "string",
                "enum": [
                  "http-01",
                  "tls-alpn-01",
                  "dns-01"
                ]
              },
              "selfCheck": {
                "type": "string",
                "enum": [
                  "Strict",
                  "Lenient",
                  "Off"
                ]
              },
              "resolvers": {
                "type": "array",
                "minItems": 1,
                "maxItems": 4,
                "x-kubernetes-list-type": "set",
                "items": {
                  "type": "string",
                  "minLength": 3,
                  "maxLength": 64,
                  "pattern": "^([0-9]{1,3}(\\.[0-9]{1,3}){3}(:[0-9]{1,5})?|[0-9a-fA-F:]*:[0-9a-fA-F:]*|\\[[0-9a-fA-F:]+\\](:[0-9]{1,5})?)$"
                }
              },
              "dns": {
                "type": "object",
                "x-kubernetes-validations": [
                  {
                    "rule": "[has(self.rfc2136), has(self.webhook), has(self.cloudflare), has(self.route53)].exists_one(x, x)",
                    "message": "one provider of DNS, and no more"
                  }
                ],
                "properties": {
                  "rfc2136": {
                    "type": "object",
                    "required": [
                      "server",
                      "tsig"
                    ],
                    "properties": {
                      "server": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 262,
                        "pattern": "^([a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:]+\\])(:[0-9]{1,5})?$"
                      },
                      "tsig": {
                        "type": "object",
                        "required": [
                          "keyName",
                          "secretRef"
                        ],
                        "properties": {
                          "keyName": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 253,
                            "pattern": "^[a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*\\.?$"
                          },
                          "algorithm": {
                            "type": "string",
                            "enum": [
                              "hmac-sha256",
                              "hmac-sha512"
                            ]
                          },
                          "secretRef": {
                            "type": "object",
                            "required": [
                              "name"
                            ],
                            "properties": {
                              "name": {
                                "type": "string",
                                "minLength": 1,
                                "maxLength": 253,
                                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                              }
                            }
                          }
                        }
                      }
                    }
                  },
                  "webhook": {
                    "type": "object",
                    "required": [
                      "url"
                    ],
                    "properties": {
                      "url": {
                        "type": "string",
                        "minLength": 8,
                        "maxLength": 1024,
                        "pattern": "^https?://[!-~]+$"
                      },
                      "secretRef": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 253,
                            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                          }
                        }
                      },
                      "caRef": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 253,
                            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                          }
                        }
                      }
                    }
                  },
                  "cloudflare": {
                    "type": "object",
                    "required": [
                      "secretRef"
                    ],
                    "properties": {
                      "secretRef": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 253,
                            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                          }
                        }
                      }
                    }
                  },
                  "route53": {
                    "type": "object",
                    "properties": {
                      "secretRef": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 253,
                            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                          }
                        }
                      },
                      "hostedZoneId": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 32,
                        "pattern": "^[A-Z0-9]+$"
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    },
    "defaults": {
      "type": "object",
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.policy) || !has(self.policy.backend) || !has(self.policy.backend.tls)",
          "message": "TLS to backends is set by routes, whose Secrets it names"
        },
        {
          "rule": "!has(self.policy) || (!has(self.policy.auth) && !has(self.policy.satisfy))",
          "message": "who may ask is set by routes, whose Secrets and Services it names"
        }
      ],
      "properties": {
        "connection": {
          "type": "object",
          "properties": {
            "idleTimeout": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) <= duration('596h')",
                  "message": "a time of at most 596h"
                }
              ]
            },
            "maxLifetime": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) <= duration('596h')",
                  "message": "a time of at most 596h"
                }
              ]
            },
            "firstDataTimeout": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) <= duration('596h')",
                  "message": "a time of at most 596h"
                }
              ]
            },
            "keepAlive": {
              "type": "string",
              "enum": [
                "Standard",
                "Extended",
                "Immortal"
              ]
            },
            "whenRemoved": {
              "type": "string",
              "enum": [
                "Cut",
                "Drain"
              ]
            },
            "maxConnections": {
              "type": "integer",
              "minimum": 0,
              "maximum": 1000000000
            },
            "maxConnectionsPerAddress": {
              "type": "integer",
              "minimum": 0,
              "maximum": 1000000000
            }
          }
        },
        "policy": {
          "type": "object",
          "properties": {
            "redirectToHttps": {
              "type": "boolean"
            },
            "timeouts": {
              "type": "object",
              "properties": {
                "connect": {
                  "type": "string",
                  "maxLength": 32,
                  "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                  "x-kubernetes-validations": [
                    {
                      "rule": "duration(self) >= duration('1ms') && duration(self) <= duration('596h')",
                      "message": "a time from 1ms to 596h"
                    }
                  ]
                },
                "read": {
                  "type": "string",
                  "maxLength": 32,
                  "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                  "x-kubernetes-validations": [
                    {
                      "rule": "duration(self) <= duration('596h')",
                      "message": "a time of at most 596h"
                    }
                  ]
                },
                "send": {
                  "type": "string",
                  "maxLength": 32,
                  "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                  "x-kubernetes-validations": [
                    {
                      "rule": "duration(self) <= duration('596h')",
                      "message": "a time of at most 596h"
                    }
                  ]
                },
                "tunnelIdle": {
                  "type": "string",
                  "maxLength": 32,
                  "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                  "x-kubernetes-validations": [
                    {
                      "rule": "duration(self) <= duration('596h')",
                      "message": "a time of at most 596h"
                    }
                  ]
                },
                "request": {
                  "type": "string",
                  "maxLength": 32,
                  "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                  "x-kubernetes-validations": [
                    {
                      "rule": "duration(self) <= duration('596h')",
                      "message": "a time of at most 596h"
                    }
                  ]
                }
              }
            },
            "maxRequestBody": {
              "type": "string",
              "maxLength": 16,
              "pattern": "^(0|[1-9][0-9]{0,5}(Ki|Mi|Gi)|[1-9][0-9]{0,14})$"
            },
            "retries": {
              "type": "object",
              "required": [
                "attempts"
              ],
              "properties": {
                "attempts": {
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 10
                },
                "conditions": {
                  "type": "array",
                  "minItems": 1,
                  "maxItems": 2,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "enum": [
                      "Reset",
                      "Timeout"
                    ]
                  }
                },
                "statuses": {
                  "type": "array",
                  "minItems": 1,
                  "maxItems": 16,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "integer",
                    "minimum": 400,
                    "maximum": 599
                  }
                },
                "grpcStatuses": {
                  "type": "array",
                  "minItems": 1,
                  "maxItems": 5,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "enum": [
                      "CANCELLED",
                      "DEADLINE_EXCEEDED",
                      "RESOURCE_EXHAUSTED",
                      "INTERNAL",
                      "UNAVAILABLE"
                    ]
                  }
                },
                "nonIdempotent": {
                  "type": "boolean"
                },
                "perTryTimeout": {
                  "type": "string",
                  "maxLength": 32,
                  "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                  "x-kubernetes-validations": [
                    {
                      "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('1h')",
                      "message": "a time from 100ms to 1h"
                    }
                  ]
                },
                "backOff": {
                  "type": "string",
                  "maxLength": 32,
                  "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                  "x-kubernetes-validations": [
                    {
                      "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('1m')",
                      "message": "a time from 100ms to 1m"
                    }
                  ]
                }
              }
            },
            "backend": {
              "type": "object",
              "properties": {
                "protocol": {
                  "type": "string",
                  "enum": [
                    "HTTP",
                    "HTTPS",
                    "H2C",
                    "H2"
                  ]
                },
                "limits": {
                  "type": "object",
                  "properties": {
                    "connections": {
                      "type": "integer",
                      "minimum": 1,
                      "maximum": 1000000
                    },
                    "pendingRequests": {
                      "type": "integer",
                      "minimum": 1,
                      "maximum": 1000000
                    },
                    "requests": {
                      "type": "integer",
                      "minimum": 1,
                      "maximum": 1000000
                    },
                    "retryPercent": {
                      "type": "integer",
                      "minimum": 0,
                      "maximum": 100
                    }
                  }
                },
                "outlierDetection": {
                  "type": "object",
                  "properties": {
                    "consecutiveConnectFailures": {
                      "type": "integer",
                      "minimum": 1,
                      "maximum": 1000
                    },
                    "consecutiveErrors": {
                      "type": "integer",
                      "minimum": 0,
                      "maximum": 1000
                    },
                    "baseEjectionTime": {
                      "type": "string",
                      "maxLength": 32,
                      "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                      "x-kubernetes-validations": [
                        {
                          "rule": "duration(self) >= duration('1s') && duration(self) <= duration('24h')",
                          "message": "a time from 1s to 24h"
                        }
                      ]
                    },
                    "maxEjectionTime": {
                      "type": "string",
                      "maxLength": 32,
                      "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                      "x-kubernetes-validations": [
                        {
                          "rule": "duration(self) >= duration('1s') && duration(self) <= duration('24h')",
                          "message": "a time from 1s to 24h"
                        }
                      ]
                    },
                    "maxEjectionPercent": {
                      "type": "integer",
                      "minimum": 0,
                      "maximum": 100
                    }
                  }
                },
                "healthCheck": {
                  "type": "object",
                  "required": [
                    "type"
                  ],
                  "x-kubernetes-validations": [
                    {
                      "rule": "self.type == 'HTTP' || !(has(self.path) || has(self.statuses))",
                      "message": "path and statuses go with HTTP"
                    },
                    {
                      "rule": "self.type == 'GRPC' || !has(self.service)",
                      "message": "service goes with GRPC"
                    },
                    {
                      "rule": "self.type != 'TCP' || !has(self.host)",
                      "message": "host goes with HTTP and GRPC"
                    }
                  ],
                  "properties": {
                    "type": {
                      "type": "string",
                      "enum": [
                        "HTTP",
                        "TCP",
                        "GRPC"
                      ]
                    },
                    "interval": {
                      "type": "string",
                      "maxLength": 32,
                      "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                      "x-kubernetes-validations": [
                        {
                          "rule": "duration(self) >= duration('500ms') && duration(self) <= duration('1h')",
                          "message": "a time from 500ms to 1h"
                        }
                      ]
                    },
                    "timeout": {
                      "type": "string",
                      "maxLength": 32,
                      "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                      "x-kubernetes-validations": [
                        {
                          "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('1m')",
                          "message": "a time from 100ms to 1m"
                        }
                      ]
                    },
                    "unhealthyThreshold": {
                      "type": "integer",
                      "minimum": 1,
                      "maximum": 100
                    },
                    "healthyThreshold": {
                      "type": "integer",
                      "minimum": 1,
                      "maximum": 100
                    },
                    "port": {
                      "type": "integer",
                      "minimum": 1,
                      "maximum": 65535
                    },
                    "path": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 1024,
                      "pattern": "^/[!-~]*$"
                    },
                    "host": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 259,
                      "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?$"
                    },
                    "statuses": {
                      "type": "array",
                      "minItems": 1,
                      "maxItems": 8,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "maxLength": 7,
                        "pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"
                      }
                    },
                    "service": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 120,
                      "pattern": "^[A-Za-z0-9_.-]+$"
                    }
                  }
                },
                "proxyProtocol": {
                  "type": "object",
                  "required": [
                    "version"
                  ],
                  "x-kubernetes-validations": [
                    {
                      "rule": "!has(self.tlvs) || self.version == \"V2\"",
                      "message": "TLVs go with version V2"
                    }
                  ],
                  "properties": {
                    "version": {
                      "type": "string",
                      "enum": [
                        "V1",
                        "V2"
                      ]
                    },
                    "tlvs": {
                      "type": "array",
                      "maxItems": 5,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "enum": [
                          "ALPN",
                          "Authority",
                          "UniqueId",
                          "SSL",
                          "CRC32C"
                        ]
                      }
                    }
                  }
                },
                "tls": {
                  "type": "object",
                  "properties": {
                    "serverName": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 253,
                      "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"
                    },
                    "caRef": {
                      "type": "object",
                      "required": [
                        "name"
                      ],
                      "properties": {
                        "name": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 253,
                          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                        }
                      }
                    },
                    "clientCertificateRef": {
                      "type": "object",
                      "required": [
                        "name"
                      ],
                      "properties": {
                        "name": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 253,
                          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                        }
                      }
                    }
                  }
                }
              }
            },
            "headers": {
              "type": "object",
              "properties": {
                "request": {
                  "type": "object",
                  "properties": {
                    "set": {
                      "type": "array",
                      "maxItems": 16,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "name"
                      ],
                      "items": {
                        "type": "object",
                        "required": [
                          "name",
                          "value"
                        ],
                        "x-kubernetes-validations": [
                          {
                            "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                            "message": "this header is written by the proxy alone"
                          }
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256,
                            "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                          },
                          "value": {
                            "type": "string",
                            "maxLength": 1024,
                            "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                          }
                        }
                      }
                    },
                    "add": {
                      "type": "array",
                      "maxItems": 16,
                      "items": {
                        "type": "object",
                        "required": [
                          "name",
                          "value"
                        ],
                        "x-kubernetes-validations": [
                          {
                            "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                            "message": "this header is written by the proxy alone"
                          }
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256,
                            "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                          },
                          "value": {
                            "type": "string",
                            "maxLength": 1024,
                            "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                          }
                        }
                      }
                    },
                    "remove": {
                      "type": "array",
                      "maxItems": 16,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                        "x-kubernetes-validations": [
                          {
                            "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                            "message": "this header is written by the proxy alone"
                          }
                        ]
                      }
                    }
                  }
                },
                "response": {
                  "type": "object",
                  "properties": {
                    "set": {
                      "type": "array",
                      "maxItems": 16,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "name"
                      ],
                      "items": {
                        "type": "object",
                        "required": [
                          "name",
                          "value"
                        ],
                        "x-kubernetes-validations": [
                          {
                            "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                            "message": "this header is written by the proxy alone"
                          }
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256,
                            "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                          },
                          "value": {
                            "type": "string",
                            "maxLength": 1024,
                            "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                          }
                        }
                      }
                    },
                    "add": {
                      "type": "array",
                      "maxItems": 16,
                      "items": {
                        "type": "object",
                        "required": [
                          "name",
                          "value"
                        ],
                        "x-kubernetes-validations": [
                          {
                            "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                            "message": "this header is written by the proxy alone"
                          }
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256,
                            "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                          },
                          "value": {
                            "type": "string",
                            "maxLength": 1024,
                            "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                          }
                        }
                      }
                    },
                    "remove": {
                      "type": "array",
                      "maxItems": 16,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                        "x-kubernetes-validations": [
                          {
                            "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                            "message": "this header is written by the proxy alone"
                          }
                        ]
                      }
                    }
                  }
                }
              }
            },
            "cors": {
              "type": "object",
              "required": [
                "allowOrigins"
              ],
              "x-kubernetes-validations": [
                {
                  "rule": "!has(self.allowCredentials) || !self.allowCredentials || !self.allowOrigins.exists(o, o == \"*\")",
                  "message": "credentials need named origins"
                }
              ],
              "properties": {
                "allowOrigins": {
                  "type": "array",
                  "minItems": 1,
                  "maxItems": 32,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "maxLength": 300,
                    "pattern": "^(\\*|https?://(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?)$"
                  }
                },
                "allowMethods": {
                  "type": "array",
                  "minItems": 1,
                  "maxItems": 16,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "maxLength": 32,
                    "pattern": "^[A-Z][-A-Z]*$"
                  }
                },
                "allowHeaders": {
                  "type": "array",
                  "minItems": 1,
                  "maxItems": 64,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256,
                    "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                  }
                },
                "exposeHeaders": {
                  "type": "array",
                  "maxItems": 64,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256,
                    "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                  }
                },
                "allowCredentials": {
                  "type": "boolean"
                },
                "maxAge": {
                  "type": "string",
                  "maxLength": 32,
                  "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                  "x-kubernetes-validations": [
                    {
                      "rule": "duration(self) <= duration('596h')",
                      "message": "a time of at most 596h"
                    }
                  ]
                }
              }
            },
            "clients": {
              "type": "object",
              "properties": {
                "allow": {
                  "type": "array",
                  "maxItems": 64,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "minLength": 2,
                    "maxLength": 49,
                    "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
                  }
                },
                "deny": {
                  "type": "array",
                  "maxItems": 64,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "minLength": 2,
                    "maxLength": 49,
                    "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
                  }
                }
              }
            },
            "satisfy": {
              "type": "string",
              "enum": [
                "All",
                "Any"
              ]
            },
            "compression": {
              "type": "object",
              "properties": {
                "algorithms": {
                  "type": "array",
                  "maxItems": 3,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "maxLength": 8,
                    "enum": [
                      "Gzip",
                      "Brotli",
                      "Zstd"
                    ]
                  }
                },
                "types": {
                  "type": "array",
                  "minItems": 1,
                  "maxItems": 64,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "maxLength": 128,
                    "pattern": "^[a-z0-9][-a-z0-9.+]*/(\\*|[a-z0-9][-a-z0-9.+]*)$"
                  }
                },
                "minSize": {
                  "type": "string",
                  "maxLength": 16,
                  "pattern": "^(0|[1-9][0-9]{0,5}(Ki|Mi)|[1-9][0-9]{0,8})$"
                },
                "level": {
                  "type": "string",
                  "enum": [
                    "Fast",
                    "Balanced",
                    "Best"
                  ]
                }
              }
            },
            "maxRequestHeader": {
              "type": "string",
              "maxLength": 16,
              "pattern": "^[1-9][0-9]{0,2}(Ki|[0-9]{0,3})$"
            },
            "buffering": {
              "type": "object",
              "properties": {
                "request": {
                  "type": "boolean"
                },
                "maxRequest": {
                  "type": "string",
                  "maxLength": 16,
                  "pattern": "^([1-9][0-9]{0,3}Ki|([1-9]|[1-5][0-9]|6[0-4])Mi|[1-9][0-9]{0,6})$"
                },
                "answer": {
                  "type": "boolean"
                },
                "maxAnswer": {
                  "type": "string",
                  "maxLength": 16,
                  "pattern": "^([1-9][0-9]{0,3}Ki|([1-9]|[1-5][0-9]|6[0-4])Mi|[1-9][0-9]{0,6})$"
                }
              }
            },
            "accessLog": {
              "type": "boolean"
            },
            "mirror": {
              "type": "object",
              "required": [
                "backend"
              ],
              "properties": {
                "backend": {
                  "type": "object",
                  "required": [
                    "name",
                    "port"
                  ],
                  "properties": {
                    "name": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 253,
                      "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                    },
                    "namespace": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 63,
                      "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                    },
                    "port": {
                      "type": "object",
                      "x-kubernetes-validations": [
                        {
                          "rule": "has(self.name) != has(self.number)",
                          "message": "a port has either a name or a number"
                        }
                      ],
                      "properties": {
                        "name": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 63,
                          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                        },
                        "number": {
                          "type": "integer",
                          "minimum": 1,
                          "maximum": 65535
                        }
                      }
                    }
                  }
                },
                "percent": {
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 100
                },
                "maxBody": {
                  "type": "string",
                  "maxLength": 16,
                  "pattern": "^(0|[1-9][0-9]{0,2}Ki|10[01][0-9]Ki|102[0-4]Ki|1Mi|[1-9][0-9]{0,5})$"
                }
              }
            },
            "errorPages": {
              "type": "array",
              "maxItems": 8,
              "items": {
                "type": "object",
                "required": [
                  "statuses"
                ],
                "x-kubernetes-validations": [
                  {
                    "rule": "[has(self.text), has(self.configMapRef), has(self.backend)].exists_one(given, given)",
                    "message": "an error page is one of a text, a ConfigMap and a backend"
                  },
                  {
                    "rule": "!has(self.contentType) || !has(self.backend)",
                    "message": "a contentType goes with a text or a ConfigMap"
                  }
                ],
                "properties": {
                  "statuses": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 64,
                    "x-kubernetes-list-type": "set",
                    "items": {
                      "type": "integer",
                      "minimum": 400,
                      "maximum": 599
                    }
                  },
                  "errorsOf": {
                    "type": "string",
                    "enum": [
                      "All",
                      "Proxy"
                    ]
                  },
                  "text": {
                    "type": "string",
                    "maxLength": 4096
                  },
                  "contentType": {
                    "type": "string",
                    "maxLength": 256,
                    "pattern": "^[!-~]([ -~]*[!-~])?$"
                  },
                  "configMapRef": {
                    "type": "object",
                    "required": [
                      "name",
                      "key"
                    ],
                    "properties": {
                      "name": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 253,
                        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                      },
                      "key": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 253,
                        "pattern": "^[-._a-zA-Z0-9]+$"
                      }
                    }
                  },
                  "backend": {
                    "type": "object",
                    "required": [
                      "name",
                      "port"
                    ],
                    "properties": {
                      "name": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 253,
                        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                      },
                      "namespace": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 63,
                        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                      },
                      "port": {
                        "type": "object",
                        "x-kubernetes-validations": [
                          {
                            "rule": "has(self.name) != has(self.number)",
                            "message": "a port has either a name or a number"
                          }
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 63,
                            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                          },
                          "number": {
                            "type": "integer",
                            "minimum": 1,
                            "maximum": 65535
                          }
                        }
                      }
                    }
                  }
                }
              }
            },
            "rateLimits": {
              "type": "array",
              "maxItems": 4,
              "items": {
                "type": "object",
                "required": [
                  "requests",
                  "per"
                ],
                "properties": {
                  "requests": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 1000000
                  },
                  "per": {
                    "type": "string",
                    "enum": [
                      "Second",
                      "Minute",
                      "Hour"
                    ]
                  },
                  "burst": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 1000000
                  },
                  "key": {
                    "type": "object",
                    "required": [
                      "type"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "has(self.header) == (self.type == 'Header')",
                        "message": "a header goes with the type Header"
                      }
                    ],
                    "properties": {
                      "type": {
                        "type": "string",
                        "enum": [
                          "ClientAddress",
                          "Header",
                          "Everybody"
                        ]
                      },
                      "header": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                      }
                    }
                  },
                  "exempt": {
                    "type": "array",
                    "maxItems": 64,
                    "x-kubernetes-list-type": "set",
                    "items": {
                      "type": "string",
                      "minLength": 2,
                      "maxLength": 49,
                      "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
                    }
                  }
                }
              }
            },
            "maxRequests": {
              "type": "integer",
              "minimum": 0,
              "maximum": 1000000000
            },
            "maxRequestsPerAddress": {
              "type": "integer",
              "minimum": 0,
              "maximum": 1000000000
            },
            "maintenance": {
              "type": "object",
              "required": [
                "enabled"
              ],
              "properties": {
                "enabled": {
                  "type": "boolean"
                },
                "allow": {
                  "type": "array",
                  "maxItems": 64,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "minLength": 2,
                    "maxLength": 49,
                    "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
                  }
                },
                "status": {
                  "type": "integer",
                  "minimum": 400,
                  "maximum": 599
                },
                "retryAfter": {
                  "type": "string",
                  "maxLength": 32,
                  "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                  "x-kubernetes-validations": [
                    {
                      "rule": "duration(self) >= duration('1s') && duration(self) <= duration('596h')",
                      "message": "a time from 1s to 596h"
                    }
                  ]
                },
                "contentType": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 128,
                  "pattern": "^[!-~]+/[!-~]+(; ?[!-~]+)*$"
                },
                "body": {
                  "type": "string",
                  "maxLength": 4096
                }
              }
            },
            "auth": {
              "type": "object",
              "x-kubernetes-validations": [
                {
                  "rule": "[has(self.none), has(self.basic), has(self.external), has(self.jwt), has(self.oidc)].filter(x, x).size() == 1",
                  "message": "exactly one of none, basic, external, jwt and oidc must be set"
                }
              ],
              "properties": {
                "none": {
                  "type": "object"
                },
                "basic": {
                  "type": "object",
                  "required": [
                    "secretRef"
                  ],
                  "properties": {
                    "secretRef": {
                      "type": "object",
                      "required": [
                        "name"
                      ],
                      "properties": {
                        "name": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 253,
                          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                        }
                      }
                    },
                    "secretType": {
                      "type": "string",
                      "enum": [
                        "AuthFile",
                        "AuthMap"
                      ]
                    },
                    "realm": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 128,
                      "pattern": "^[ !#-\\[\\]-~]+$"
                    },
                    "userHeader": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 256,
                      "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                      "x-kubernetes-validations": [
                        {
                          "rule": "!self.matches(\"^(?i:authorization|connection|content-length|cookie|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                          "message": "this header has another meaning"
                        }
                      ]
                    },
                    "forwardAuthorization": {
                      "type": "boolean"
                    }
                  }
                },
                "external": {
                  "type": "object",
                  "x-kubernetes-validations": [
                    {
                      "rule": "has(self.url) != has(self.backend)",
                      "message": "exactly one of url and backend must be set"
                    },
                    {
                      "rule": "!has(self.caRef) || (has(self.url) && self.url.startsWith(\"https:\"))",
                      "message": "caRef needs an https url"
                    },
                    {
                      "rule": "!has(self.path) || has(self.backend)",
                      "message": "path goes with backend; a url has its own"
                    }
                  ],
                  "properties": {
                    "url": {
                      "type": "string",
                      "maxLength": 1024,
                      "pattern": "^https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[!-~]*)?$"
                    },
                    "backend": {
                      "type": "object",
                      "required": [
                        "name",
                        "port"
                      ],
                      "properties": {
                        "name": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 253,
                          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                        },
                        "namespace": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 63,
                          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                        },
                        "port": {
                          "type": "object",
                          "x-kubernetes-validations": [
                            {
                              "rule": "has(self.name) != has(self.number)",
                              "message": "a port has either a name or a number"
                            }
                          ],
                          "properties": {
                            "name": {
                              "type": "string",
                              "minLength": 1,
                              "maxLength": 63,
                              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                            },
                            "number": {
                              "type": "integer",
                              "minimum": 1,
                              "maximum": 65535
                            }
                          }
                        }
                      }
                    },
                    "path": {
                      "type": "string",
                      "maxLength": 1024,
                      "pattern": "^/[!-~]*$"
                    },
                    "caRef": {
                      "type": "object",
                      "required": [
                        "name"
                      ],
                      "properties": {
                        "name": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 253,
                          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                        }
                      }
                    },
                    "method": {
                      "type": "string",
                      "enum": [
                        "GET",
                        "HEAD",
                        "POST"
                      ]
                    },
                    "timeout": {
                      "type": "string",
                      "maxLength": 32,
                      "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                      "x-kubernetes-validations": [
                        {
                          "rule": "duration(self) >= duration('1ms') && duration(self) <= duration('1m')",
                          "message": "a time from 1ms to 1m"
                        }
                      ]
                    },
                    "requestHeaders": {
                      "type": "array",
                      "maxItems": 32,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                        "x-kubernetes-validations": [
                          {
                            "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                            "message": "this header is written by the proxy alone"
                          }
                        ]
                      }
                    },
                    "responseHeaders": {
                      "type": "array",
                      "maxItems": 32,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                        "x-kubernetes-validations": [
                          {
                            "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                            "message": "this header is written by the proxy alone"
                          }
                        ]
                      }
                    },
                    "clientHeaders": {
                      "type": "array",
                      "maxItems": 32,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                        "x-kubernetes-validations": [
                          {
                            "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                            "message": "this header is written by the proxy alone"
                          }
                        ]
                      }
                    },
                    "signIn": {
                      "type": "string",
                      "maxLength": 1024,
                      "pattern": "^(https?://|/)[!-~]*$"
                    },
                    "failOpen": {
                      "type": "boolean"
                    },
                    "cache": {
                      "type": "object",
                      "required": [
                        "key"
                      ],
                      "properties": {
                        "key": {
                          "type": "array",
                          "minItems": 1,
                          "maxItems": 8,
                          "items": {
                            "type": "object",
                            "required": [
                              "type"
                            ],
                            "x-kubernetes-validations": [
                              {
                                "rule": "has(self.name) == (self.type in ['Header', 'Cookie', 'Query'])",
                                "message": "name goes with Header, Cookie and Query"
                              }
                            ],
                            "properties": {
                              "type": {
                                "type": "string",
                                "enum": [
                                  "Header",
                                  "Cookie",
                                  "Query",
                                  "ClientAddress",
                                  "Target"
                                ]
                              },
                              "name": {
                                "type": "string",
                                "minLength": 1,
                                "maxLength": 256,
                                "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                              }
                            }
                          }
                        },
                        "durations": {
                          "type": "array",
                          "minItems": 1,
                          "maxItems": 8,
                          "items": {
                            "type": "object",
                            "required": [
                              "statuses",
                              "duration"
                            ],
                            "properties": {
                              "statuses": {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": 16,
                                "x-kubernetes-list-type": "set",
                                "items": {
                                  "type": "integer",
                                  "minimum": 200,
                                  "maximum": 403,
                                  "x-kubernetes-validations": [
                                    {
                                      "rule": "self < 300 || self == 401 || self == 403",
                                      "message": "answers with 2xx, 401 and 403 are kept"
                                    }
                                  ]
                                }
                              },
                              "duration": {
                                "type": "string",
                                "maxLength": 32,
                                "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                                "x-kubernetes-validations": [
                                  {
                                    "rule": "duration(self) >= duration('1s') && duration(self) <= duration('24h')",
                                    "message": "a time from 1s to 24h"
                                  }
                                ]
                              }
                            }
                          }
                        }
                      }
                    }
                  }
                },
                "jwt": {
                  "type": "object",
                  "required": [
                    "issuer",
                    "jwks"
                  ],
                  "properties": {
                    "issuer": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 1024,
                      "pattern": "^[!-~]+$"
                    },
                    "audiences": {
                      "type": "array",
                      "minItems": 1,
                      "maxItems": 16,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 512
                      }
                    },
                    "jwks": {
                      "type": "object",
                      "x-kubernetes-validations": [
                        {
                          "rule": "has(self.url) != has(self.secretRef)",
                          "message": "exactly one of url and secretRef must be set"
                        },
                        {
                          "rule": "!has(self.caRef) || (has(self.url) && self.url.startsWith(\"https:\"))",
                          "message": "caRef needs an https url"
                        }
                      ],
                      "properties": {
                        "url": {
                          "type": "string",
                          "maxLength": 1024,
                          "pattern": "^https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[!-~]*)?$"
                        },
                        "secretRef": {
                          "type": "object",
                          "required": [
                            "name"
                          ],
                          "properties": {
                            "name": {
                              "type": "string",
                              "minLength": 1,
                              "maxLength": 253,
                              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                            }
                          }
                        },
                        "caRef": {
                          "type": "object",
                          "required": [
                            "name"
                          ],
                          "properties": {
                            "name": {
                              "type": "string",
                              "minLength": 1,
                              "maxLength": 253,
                              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                            }
                          }
                        }
                      }
                    },
                    "algorithms": {
                      "type": "array",
                      "minItems": 1,
                      "maxItems": 10,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "enum": [
                          "RS256",
                          "RS384",
                          "RS512",
                          "PS256",
                          "PS384",
                          "PS512",
                          "ES256",
                          "ES384",
                          "ES512",
                          "EdDSA"
                        ]
                      }
                    },
                    "leeway": {
                      "type": "string",
                      "maxLength": 32,
                      "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                      "x-kubernetes-validations": [
                        {
                          "rule": "duration(self) <= duration('5m')",
                          "message": "a time of at most 5m"
                        }
                      ]
                    },
                    "from": {
                      "type": "object",
                      "x-kubernetes-validations": [
                        {
                          "rule": "[has(self.header), has(self.cookie), has(self.query)].filter(x, x).size() == 1",
                          "message": "exactly one of header, cookie and query must be set"
                        }
                      ],
                      "properties": {
                        "header": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 256,
                          "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                        },
                        "cookie": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 256,
                          "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                        },
                        "query": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 256,
                          "pattern": "^[A-Za-z0-9._~-]+$"
                        }
                      }
                    },
                    "forwardToken": {
                      "type": "boolean"
                    },
                    "claimHeaders": {
                      "type": "array",
                      "maxItems": 16,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "header"
                      ],
                      "items": {
                        "type": "object",
                        "required": [
                          "header",
                          "claim"
                        ],
                        "properties": {
                          "header": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256,
                            "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                            "x-kubernetes-validations": [
                              {
                                "rule": "!self.matches(\"^(?i:authorization|connection|content-length|cookie|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                                "message": "this header has another meaning"
                              }
                            ]
                          },
                          "claim": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256
                          }
                        }
                      }
                    },
                    "requiredClaims": {
                      "type": "array",
                      "maxItems": 16,
                      "items": {
                        "type": "object",
                        "required": [
                          "claim",
                          "values"
                        ],
                        "properties": {
                          "claim": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256
                          },
                          "values": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": 32,
                            "x-kubernetes-list-type": "set",
                            "items": {
                              "type": "string",
                              "maxLength": 512
                            }
                          }
                        }
                      }
                    }
                  }
                },
                "oidc": {
                  "type": "object",
                  "required": [
                    "issuer",
                    "clientId",
                    "secretRef"
                  ],
                  "x-kubernetes-validations": [
                    {
                      "rule": "!has(self.caRef) || self.issuer.startsWith(\"https:\")",
                      "message": "caRef needs an https issuer"
                    },
                    {
                      "rule": "(has(self.callbackPath) ? self.callbackPath : \"/oauth2/callback\") != (has(self.logoutPath) ? self.logoutPath : \"/oauth2/logout\")",
                      "message": "callbackPath and logoutPath differ"
                    }
                  ],
                  "properties": {
                    "issuer": {
                      "type": "string",
                      "maxLength": 1024,
                      "pattern": "^https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[!-~]*)?$"
                    },
                    "clientId": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 512,
                      "pattern": "^[!-~]+$"
                    },
                    "secretRef": {
                      "type": "object",
                      "required": [
                        "name"
                      ],
                      "properties": {
                        "name": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 253,
                          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                        }
                      }
                    },
                    "caRef": {
                      "type": "object",
                      "required": [
                        "name"
                      ],
                      "properties": {
                        "name": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 253,
                          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                        }
                      }
                    },
                    "scopes": {
                      "type": "array",
                      "maxItems": 16,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[!-~]+$"
                      }
                    },
                    "callbackPath": {
                      "type": "string",
                      "maxLength": 256,
                      "pattern": "^/[A-Za-z0-9._~/-]+$"
                    },
                    "logoutPath": {
                      "type": "string",
                      "maxLength": 256,
                      "pattern": "^/[A-Za-z0-9._~/-]+$"
                    },
                    "afterLogout": {
                      "type": "string",
                      "maxLength": 1024,
                      "pattern": "^(https?://|/)[!-~]*$"
                    },
                    "cookieName": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 64,
                      "pattern": "^[A-Za-z0-9_-]+$"
                    },
                    "session": {
                      "type": "string",
                      "maxLength": 32,
                      "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                      "x-kubernetes-validations": [
                        {
                          "rule": "duration(self) >= duration('1s') && duration(self) <= duration('596h')",
                          "message": "a time from 1s to 596h"
                        }
                      ]
                    },
                    "forwardAccessToken": {
                      "type": "boolean"
                    },
                    "claimHeaders": {
                      "type": "array",
                      "maxItems": 16,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "header"
                      ],
                      "items": {
                        "type": "object",
                        "required": [
                          "header",
                          "claim"
                        ],
                        "properties": {
                          "header": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256,
                            "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                            "x-kubernetes-validations": [
                              {
                                "rule": "!self.matches(\"^(?i:authorization|connection|content-length|cookie|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                                "message": "this header has another meaning"
                              }
                            ]
                          },
                          "claim": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256
                          }
                        }
                      }
                    },
                    "requiredClaims": {
                      "type": "array",
                      "maxItems": 16,
                      "items": {
                        "type": "object",
                        "required": [
                          "claim",
                          "values"
                        ],
                        "properties": {
                          "claim": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256
                          },
                          "values": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": 32,
                            "x-kubernetes-list-type": "set",
                            "items": {
                              "type": "string",
                              "maxLength": 512
                            }
                          }
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        },
        "loadBalancing": {
          "type": "object",
          "x-kubernetes-validations": [
            {
              "rule": "has(self.hash) == (has(self.type) && self.type == 'ConsistentHash')",
              "message": "hash goes with ConsistentHash"
            },
            {
              "rule": "!has(self.slowStart) || !has(self.type) || self.type != \"ConsistentHash\"",
              "message": "slowStart does not go with ConsistentHash"
            },
            {
              "rule": "!has(self.sessionCookie) || !has(self.sessionCookie.mode) || self.sessionCookie.mode != 'Balanced' || (!has(self.type) && !has(self.slowStart))",
              "message": "a sessionCookie with mode Balanced chooses by itself, without type and slowStart"
            }
          ],
          "properties": {
            "type": {
              "type": "string",
              "enum": [
                "RoundRobin",
                "LeastRequest",
                "ConsistentHash"
              ]
            },
            "hash": {
              "type": "object",
              "required": [
                "type"
              ],
              "x-kubernetes-validations": [
                {
                  "rule": "has(self.name) == (self.type in ['Header', 'Cookie', 'Query'])",
                  "message": "Header, Cookie and Query have a name, all others do not"
                },
                {
                  "rule": "self.type == 'Query' || !has(self.name) || self.name.matches(\"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$\")",
                  "message": "not a name of a header or cookie"
                }
              ],
              "properties": {
                "type": {
                  "type": "string",
                  "enum": [
                    "Header",
                    "Cookie",
                    "Query",
                    "ClientAddress",
                    "Target"
                  ]
                },
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 256
                },
                "maxLoadPercent": {
                  "type": "integer",
                  "minimum": 101,
                  "maximum": 10000
                }
              }
            },
            "slowStart": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('1s') && duration(self) <= duration('1h')",
                  "message": "a time from 1s to 1h"
                }
              ]
            },
            "sessionCookie": {
              "type": "object",
              "x-kubernetes-validations": [
                {
                  "rule": "!has(self.sameSite) || self.sameSite != \"None\" || !has(self.secure) || self.secure",
                  "message": "a browser takes SameSite=None only with Secure"
                }
              ],
              "properties": {
                "mode": {
                  "type": "string",
                  "enum": [
                    "Persistent",
                    "Balanced"
                  ]
                },
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 256,
                  "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                },
                "path": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 1024,
                  "pattern": "^/[!-:<-~]*$"
                },
                "domain": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"
                },
                "maxAge": {
                  "type": "string",
                  "maxLength": 32,
                  "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                  "x-kubernetes-validations": [
                    {
                      "rule": "duration(self) >= duration('1s') && duration(self) <= duration('9600h')",
                      "message": "a time from 1s to 9600h"
                    }
                  ]
                },
                "secure": {
                  "type": "boolean"
                },
                "httpOnly": {
                  "type": "boolean"
                },
                "sameSite": {
                  "type": "string",
                  "enum": [
                    "Strict",
                    "Lax",
                    "None"
                  ]
                }
              }
            }
          }
        }
      }
    }
  }
};
